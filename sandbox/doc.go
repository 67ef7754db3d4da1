// Package sandbox plays the vendors: EngageLab's and Tencent Cloud's SMS statistics over real HTTP, with their quirks,
// limits and signatures, rude when asked to be, and with a ground truth that says what a warehouse should hold.
//
// It shares no code with the pipeline. Signatures are checked from the written algorithm and numbers are mapped to an
// analyst's words a second time here, so that a mistake in one of the two shows as a difference.
//
//	box := sandbox.New(sandbox.Options{Seed: 1})
//	addresses, stop, err := box.Listen(ctx)
//	...
//	want, err := box.Truth("2026-01-01", "2026-01-31", box.Now())
//
// Time is virtual (Now, SetNow, Advance): messages of the last 72 hours are pending in part and settle as it passes.
// Limits of calls a second and signatures go by the wall clock.
package sandbox
