package report

import (
	"slices"
)

// A Comparison is two reports side by side, a and b. Each is one measurement, so it says
// nothing of chance (design R11.3).
type Comparison struct {
	Configured []Setting   `json:"configured"` // what was not measured alike
	Figures    []Figure    `json:"figures"`
	CDFs       []CDFFigure `json:"cdfs"` // whole distributions
}

// A Setting is a field of the two Configs that differs.
type Setting struct {
	Name string `json:"name"`
	A    any    `json:"a"`
	B    any    `json:"b"`
}

// A Figure is one figure of both reports. Nil means not known: there is no difference if
// only one report has the figure.
type Figure struct {
	Name       string   `json:"name"` // as in a report, with dots
	A          *float64 `json:"a"`
	B          *float64 `json:"b"`
	Difference *float64 `json:"difference"` // b - a
	Relative   *float64 `json:"relative"`   // to a
}

// A CDFFigure is where two distributions are farthest apart.
type CDFFigure struct {
	Name       string  `json:"name"`
	Difference float64 `json:"difference"` // the largest, b - a, of the shares of samples
	At         float64 `json:"at"`         // that are at most this
}

// Compare puts two reports side by side.
func Compare(a, b *Report) Comparison {
	c := Comparison{Configured: configured(a, b), Figures: []Figure{}, CDFs: []CDFFigure{}}
	c.lookups(a, b)
	c.network(a, b)
	c.attack(a.Attack, b.Attack)
	c.values(a.Values, b.Values)
	c.work(a, b)
	c.buckets(a.Buckets, b.Buckets)
	c.machine(&a.Machine, &b.Machine)
	c.cdf("hops", &a.Hops, &b.Hops)
	c.cdf("rpcs", &a.RPCs, &b.RPCs)
	return c
}

// configured lists the settings in which the reports differ.
func configured(a, b *Report) []Setting {
	differ := []Setting{}
	add := func(name string, a, b any) {
		if a != b {
			differ = append(differ, Setting{name, a, b})
		}
	}
	add("kind", a.Kind, b.Kind)
	add("partial", a.Partial, b.Partial)
	of := b.Config.settings()
	for i, s := range a.Config.settings() {
		add(s.name, s.value.Interface(), of[i].value.Interface())
	}
	add("machine.go", a.Machine.Go, b.Machine.Go)
	return differ
}

func (c *Comparison) lookups(a, b *Report) {
	c.plain("lookups", float64(a.Lookups), float64(b.Lookups))
	c.add("succeeded", proportion(a.Succeeded, a.Lookups), proportion(b.Succeeded, b.Lookups))
	c.add("recall", ofSamples(a.Recall, a.RecallOf), ofSamples(b.Recall, b.RecallOf))
	with := b.distributions()
	for i, d := range a.distributions() {
		e := with[i]
		n, m := d.N(), e.N()
		c.add(d.name+".mean", ofSamples(d.Mean, n), ofSamples(e.Mean, m))
		x, y := d.figures()[2:], e.figures()[2:] // after mean and sd
		for i, name := range percentiles {
			c.add(d.name+"."+name, ofSamples(x[i], n), ofSamples(y[i], m))
		}
	}
}

func (c *Comparison) network(a, b *Report) {
	c.plain("nodes_up", a.NodesUp, b.NodesUp)
	c.plain("rpc_total", float64(a.RPCTotal), float64(b.RPCTotal))
	if a.Kind == Sim || b.Kind == Sim {
		c.add("events", events(a), events(b))
	}
	c.plain("bytes_per_node_second", a.BytesPerNodeSecond, b.BytesPerNodeSecond)
	c.plain("virtual_seconds", a.VirtualSeconds, b.VirtualSeconds)
}

// events is known for simulations only.
func events(r *Report) measured {
	return measured{value: float64(r.Events), known: r.Kind == Sim}
}

func (c *Comparison) values(a, b *Values) {
	if a == nil && b == nil {
		return
	}
	known := func(v *Values, value func(*Values) measured) measured {
		if v == nil {
			return measured{}
		}
		return value(v)
	}
	add := func(name string, value func(*Values) measured) {
		c.add("values."+name, known(a, value), known(b, value))
	}
	add("puts", func(v *Values) measured { return figure(float64(v.Puts)) })
	add("confirmed", func(v *Values) measured { return proportion(v.Confirmed, v.Puts) })
	add("holders", func(v *Values) measured { return ofSamples(v.Holders, v.Confirmed) })
	add("gets", func(v *Values) measured { return figure(float64(v.Gets)) })
	add("found", func(v *Values) measured { return proportion(v.Found, v.Gets) })
	add("lost", func(v *Values) measured { return figure(float64(v.Lost)) })
}

// attack compares what attackers did.
func (c *Comparison) attack(a, b *Attack) {
	add := func(name string, value func(*Attack) measured) {
		var x, y measured
		if a != nil {
			x = value(a)
		}
		if b != nil {
			y = value(b)
		}
		c.add("attack."+name, x, y)
	}
	add("honest_closest", func(k *Attack) measured { return figure(k.HonestClosest) })
	add("honest_recall", func(k *Attack) measured { return figure(k.HonestRecall) })
	add("captured", func(k *Attack) measured { return figure(k.Captured) })
	add("first_alpha_share", func(k *Attack) measured { return figure(k.FirstAlphaShare) })
	add("suspected", func(k *Attack) measured { return figure(k.Suspected) })
	add("size_estimate", func(k *Attack) measured {
		if k.SizeEstimate == nil {
			return measured{}
		}
		return ofSamples(k.SizeEstimate.Mean, k.SizeEstimate.Of)
	})
	add("table_share", func(k *Attack) measured {
		if k.TableShare == 0 {
			return measured{}
		}
		return figure(k.TableShare)
	})
	add("suspected_without_attack", func(k *Attack) measured { return ofSamples(k.SuspectedWithoutAttack, k.WithoutAttack) })
	add("rpcs_ratio", func(k *Attack) measured { return ofSamples(k.RPCsRatio, k.WithoutAttack) })
	add("honest_holders", func(k *Attack) measured {
		if k.HonestHolders == nil {
			return measured{}
		}
		return ofSamples(k.HonestHolders.Mean, k.Gets)
	})
	add("gets_found", func(k *Attack) measured { return ofSamples(k.GetsFound, k.Gets) })
	add("stale_returned", func(k *Attack) measured { return ofSamples(k.StaleReturned, k.Gets) })
	add("gets_suspected", func(k *Attack) measured { return ofSamples(k.GetsSuspected, k.Gets) })
	add("put_requests", func(k *Attack) measured { return ofSamples(k.PutRequests, k.Gets) })
	add("put_rpcs_ratio", func(k *Attack) measured { return ofSamples(k.PutRPCsRatio, min(k.Gets, k.WithoutAttack)) })
}

// work compares counts by name, in the order of a, then of b.
func (c *Comparison) work(a, b *Report) {
	find := func(r *Report, name string) measured {
		i := slices.IndexFunc(r.Work, func(w Work) bool { return w.Name == name })
		if i < 0 {
			return measured{known: a.Kind == b.Kind && r.counted(name)}
		}
		return figure(float64(r.Work[i].Count))
	}
	seen := make(map[string]bool)
	for _, w := range slices.Concat(a.Work, b.Work) {
		if !seen[w.Name] {
			seen[w.Name] = true
			c.add(workPrefix+w.Name, find(a, w.Name), find(b, w.Name))
		}
	}
}

// buckets compares whole tables: how many buckets a table has is no difference.
func (c *Comparison) buckets(a, b []Bucket) {
	if len(a) == 0 && len(b) == 0 {
		return
	}
	x, y := total(a), total(b)
	add := func(name string, x, y float64) {
		c.add("buckets."+name, measured{value: x, known: len(a) > 0}, measured{value: y, known: len(b) > 0})
	}
	add("contacts", x.Contacts, y.Contacts)
	add("waiting", x.Waiting, y.Waiting)
	add("dead", x.Dead, y.Dead)
}

func (c *Comparison) machine(a, b *Machine) {
	add := func(name string, value func(*Machine) float64) {
		of := func(m *Machine) measured { return measured{value: value(m), known: *m != Machine{}} }
		c.add("machine."+name, of(a), of(b))
	}
	add("wall_seconds", func(m *Machine) float64 { return m.WallSeconds })
	add("rpcs_per_second", func(m *Machine) float64 { return m.RPCsPerSecond })
	add("memory_bytes_per_node", func(m *Machine) float64 { return m.MemoryBytesPerNode })
	add("cpus", func(m *Machine) float64 { return float64(m.CPUs) })
}

// plain adds a figure that both reports have.
func (c *Comparison) plain(name string, a, b float64) { c.add(name, figure(a), figure(b)) }

// add adds a figure, if it is known of one report at least.
func (c *Comparison) add(name string, a, b measured) {
	if !a.known && !b.known {
		return
	}
	f := Figure{Name: name, A: a.pointer(), B: b.pointer()}
	if a.known && b.known {
		difference := b.value - a.value
		f.Difference = finite(difference)
		if a.value != 0 {
			f.Relative = finite(difference / a.value)
		}
	}
	c.Figures = append(c.Figures, f)
}

func (c *Comparison) cdf(name string, a, b *Distribution) {
	if a.N() == 0 || b.N() == 0 {
		return
	}
	difference, at := largest(a.CDF(), b.CDF())
	c.CDFs = append(c.CDFs, CDFFigure{Name: name, Difference: *finite(difference), At: at})
}

// largest is the largest difference of two distribution functions, b - a, and the
// least value at which they are so far apart.
func largest(a, b []Point) (difference, at float64) {
	var x, y float64 // the shares of samples that are at most the value
	for len(a) > 0 || len(b) > 0 {
		var value float64
		switch {
		case len(a) == 0:
			value = b[0].Value
		case len(b) == 0:
			value = a[0].Value
		default:
			value = min(a[0].Value, b[0].Value)
		}
		if len(a) > 0 && a[0].Value == value {
			x, a = a[0].Share, a[1:]
		}
		if len(b) > 0 && b[0].Value == value {
			y, b = b[0].Share, b[1:]
		}
		if max(y-x, x-y) > max(difference, -difference) {
			difference, at = y-x, value
		}
	}
	return difference, at
}
