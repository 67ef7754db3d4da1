package traffic

// Dice is a stream of random numbers (SplitMix64) that starts anywhere: a cell's numbers depend on the seed, the stream
// and the hour alone, so cells can be computed in any order and none is stored.
type Dice uint64

// Roll gives the dice of a thing named by numbers.
func Roll(seed uint64, of ...uint64) Dice {
	d := Dice(seed)
	for _, n := range of {
		d = Dice(uint64(d) ^ n*0x9e3779b97f4a7c15)
		d = Dice(d.Next())
	}
	return d
}

// Next gives 64 random bits.
func (d *Dice) Next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Share gives a number in [0, 1).
func (d *Dice) Share() float64 { return float64(d.Next()>>11) / (1 << 53) }

// Between gives a number in [low, high).
func (d *Dice) Between(low, high float64) float64 { return low + (high-low)*d.Share() }

// Round gives x rounded up or down by chance, so that the mean of many is x.
func (d *Dice) Round(x float64) int64 { return int64(x + d.Share()) }
