package temper

// dice is a stream of random numbers (SplitMix64). It starts anywhere, so a row of a day has its numbers from the seed, the day and
// its own place alone.
type dice uint64

func roll(seed uint64, of ...uint64) dice {
	d := dice(seed)
	for _, n := range of {
		d = dice(uint64(d) ^ n*0x9e3779b97f4a7c15)
		d = dice(d.next())
	}
	return d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// share gives a number in [0, 1).
func (d *dice) share() float64 { return float64(d.next()>>11) / (1 << 53) }

// round gives x rounded up or down by chance, so that the mean of many is x.
func (d *dice) round(x float64) int64 { return int64(x + d.share()) }
