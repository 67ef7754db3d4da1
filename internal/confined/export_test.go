package confined

// MemoryOf is for tests.
var MemoryOf = memoryOf
