package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Write writes the report as text, in lines of at most 100 columns.
func (r *Report) Write(w io.Writer) error {
	var b bytes.Buffer
	r.writeRun(&b)
	r.writeLookups(&b)
	r.writeAttack(&b)
	r.writeNetwork(&b)
	r.writeBuckets(&b)
	r.writeRest(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// writeRun writes the configuration.
func (r *Report) writeRun(b *bytes.Buffer) {
	c := &r.Config
	if r.Partial {
		ran := Count(r.Lookups, "lookup")
		if c.Lookups > 0 {
			ran = fmt.Sprintf("%d of %s", r.Lookups, Count(c.Lookups, "lookup"))
		}
		writeList(b, "partial: ", []string{"interrupted", "what follows is of the part that ran", ran})
	}
	writeList(b, printable(r.Kind, 20)+": ", []string{
		"workload " + printable(c.Workload, 30), Count(c.Lookups, "lookup"), Count(c.Nodes, "node"),
		fmt.Sprintf("k %d", c.K), fmt.Sprintf("alpha %d", c.Alpha), fmt.Sprintf("seed %d", c.Seed)})
	var more []string
	for _, s := range c.settings() {
		switch s.name {
		case "workload", "lookups", "nodes", "k", "alpha", "seed": // written already
		default:
			if !s.value.IsZero() {
				more = append(more, s.name+" "+printable(fmt.Sprint(s.value), 84))
			}
		}
	}
	writeList(b, "  ", more)
}

// writeLookups writes the statistics of the lookups.
func (r *Report) writeLookups(b *bytes.Buffer) {
	recall := "recall not known"
	if r.RecallOf > 0 {
		recall = fmt.Sprintf("recall %s (sd %s, of %d)", Number(r.Recall), Number(r.RecallSD), r.RecallOf)
	}
	ended := fmt.Sprint(r.Lookups)
	if r.Lookups < r.Config.Lookups {
		ended += fmt.Sprintf(" of %d wanted", r.Config.Lookups)
	}
	parts := []string{ended, "succeeded " + share(r.Succeeded, r.Lookups), recall}
	if r.Abandoned > 0 {
		parts = append(parts, fmt.Sprintf("%d operations abandoned", r.Abandoned))
	}
	writeList(b, "lookups: ", parts)
	if r.Lookups == 0 {
		return
	}
	fmt.Fprintln(b)
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-20s\tmean\tsd\tp50\tp90\tp95\tp99\tmax\t\n", "of a lookup")
	for _, d := range r.distributions() {
		fmt.Fprintf(tw, "%-20s\t", strings.ReplaceAll(d.name, "_", " "))
		for _, v := range d.figures() {
			if d.N() == 0 {
				fmt.Fprint(tw, "-\t")
			} else {
				fmt.Fprintf(tw, "%s\t", Number(v))
			}
		}
		fmt.Fprintln(tw)
	}
	tw.Flush()
	fmt.Fprintln(b)
	var cdf []string
	for _, p := range r.Hops.CDF() {
		if len(cdf) == 20 { // no lookup has so many hops
			cdf = append(cdf, "...")
			break
		}
		cdf = append(cdf, fmt.Sprintf("P(<=%s)=%.4f", Number(p.Value), p.Share))
	}
	writeList(b, "hop CDF: ", cdf)
	switch t := r.Theory; {
	case t == nil:
	case t.NotFor != "":
		writeList(b, "theory: ", []string{"nothing, as it does not cover " + printable(t.NotFor, 84)})
	default:
		writeList(b, "theory: ", []string{Number(t.Hops) + " hops on average", Number(r.Hops.Mean) + " measured"})
	}
}

// writeAttack writes what attackers did.
func (r *Report) writeAttack(b *bytes.Buffer) {
	a := r.Attack
	if a == nil {
		return
	}
	did := []string{"closest honest node returned by " + Number(a.HonestClosest), "honest recall " + Number(a.HonestRecall),
		"captured " + Number(a.Captured), "attackers among the first asked " + Number(a.FirstAlphaShare), "suspected " + Number(a.Suspected)}
	if s := a.SizeEstimate; s != nil {
		did = append(did, fmt.Sprintf("size estimated as %s of the truth (sd %s)", Number(s.Mean), Number(s.SD)))
	}
	if a.TableShare > 0 {
		did = append(did, "of the victim's table "+Number(a.TableShare))
	}
	if a.WithoutAttack > 0 {
		did = append(did, "without it "+Number(a.SuspectedWithoutAttack), Number(a.RPCsRatio)+" times the requests")
	}
	if d := a.HonestHolders; d != nil && a.Gets > 0 {
		did = append(did, fmt.Sprintf("%s honest holders (sd %s)", Number(d.Mean), Number(d.SD)), "gets found "+Number(a.GetsFound),
			"stale ones returned "+Number(a.StaleReturned), "suspected of gets "+Number(a.GetsSuspected), Number(a.PutRequests)+" requests of a put")
		if a.WithoutAttack > 0 {
			did = append(did, Number(a.PutRPCsRatio)+" times those without it")
		}
	}
	writeList(b, "attack: ", did)
}

// writeNetwork writes what all nodes did, and what happened to stored values.
func (r *Report) writeNetwork(b *bytes.Buffer) {
	network := []string{"nodes up " + Number(r.NodesUp) + " on average", fmt.Sprintf("%d RPCs", r.RPCTotal)}
	time := " s"
	if r.Kind == Sim {
		network = append(network, fmt.Sprintf("%d events", r.Events))
		time = " s of virtual time"
	}
	writeList(b, "network: ", append(network, Number(r.BytesPerNodeSecond)+" bytes a node and second", Number(r.VirtualSeconds)+time))
	if v := r.Values; v != nil {
		writeList(b, "values: ", []string{
			Count(v.Puts, "put"), "confirmed " + share(v.Confirmed, v.Puts), Number(v.Holders) + " holders of a put on average",
			Count(v.Gets, "get"), "found " + share(v.Found, v.Gets), Count(v.Lost, "key") + " lost"})
	}
	var work []string
	for _, done := range r.Work {
		work = append(work, fmt.Sprintf("%s %d", printable(done.Name, 40), done.Count))
	}
	writeList(b, "work: ", work)
}

// bucketRows is the number of buckets with a line of their own. Deeper buckets are almost
// empty and are added up in one line.
const bucketRows = 16

func (r *Report) writeBuckets(b *bytes.Buffer) {
	if len(r.Buckets) == 0 {
		return
	}
	fmt.Fprintln(b)
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-20s\tcontacts\twaiting\tdead\t\n", "of a table")
	row := func(name string, buckets []Bucket) {
		sum := total(buckets)
		fmt.Fprintf(tw, "%-20s\t%s\t%s\t%s\t\n", name, Number(sum.Contacts), Number(sum.Waiting), Number(sum.Dead))
	}
	alone := r.Buckets
	if len(alone) > bucketRows {
		alone = alone[:bucketRows-1]
	}
	for i, bucket := range alone {
		row(fmt.Sprintf("prefix %d", bucket.Prefix), alone[i:i+1])
	}
	if rest := r.Buckets[len(alone):]; len(rest) > 0 {
		row(fmt.Sprintf("prefix %d to %d", rest[0].Prefix, rest[len(rest)-1].Prefix), rest)
	}
	row("all", r.Buckets)
	tw.Flush()
}

// total adds buckets up.
func total(buckets []Bucket) (sum Bucket) {
	for _, b := range buckets {
		sum.Contacts += b.Contacts
		sum.Waiting += b.Waiting
		sum.Dead += b.Dead
	}
	return sum
}

// writeRest writes the machine, and what only the JSON form contains.
func (r *Report) writeRest(b *bytes.Buffer) {
	var more []string
	if len(r.Series) > 0 {
		more = append(more, "a series of "+Count(len(r.Series), "interval"))
	}
	if r.Trace != nil {
		more = append(more, fmt.Sprintf("the trace of %s", r.Trace.described()))
	}
	m := &r.Machine
	if len(more) > 0 || *m != (Machine{}) {
		fmt.Fprintln(b)
	}
	writeList(b, "in JSON also: ", more)
	if *m != (Machine{}) {
		writeList(b, "machine: ", []string{Number(m.WallSeconds) + " s", Number(m.RPCsPerSecond) + " RPCs/s",
			Number(m.MemoryBytesPerNode) + " bytes of memory a node", Count(m.CPUs, "CPU"), printable(m.Go, 40)})
	}
}
