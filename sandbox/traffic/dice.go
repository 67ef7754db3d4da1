package traffic

// dice is a stream of random numbers (SplitMix64) that starts anywhere: a cell's numbers depend on the seed, the stream
// and the hour alone, so cells can be computed in any order and none is stored.
type dice uint64

// roll gives the dice of a thing named by numbers.
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

// between gives a number in [low, high).
func (d *dice) between(low, high float64) float64 { return low + (high-low)*d.share() }

// round gives x rounded up or down by chance, so that the mean of many is x.
func (d *dice) round(x float64) int64 { return int64(x + d.share()) }
