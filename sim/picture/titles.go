package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kadmium/sim/report"
)

// A setting is one setting of a report, as text for a title.
type setting struct {
	text  string
	minor bool // left out of a title unless reports differ in it
}

// settings are the settings of a report, in the same order for all reports.
func settings(r *report.Report) []setting {
	c := &r.Config
	nodes := "" // the number is not known for a live network
	if c.Nodes > 0 {
		nodes = report.GroupedCount(c.Nodes, "node")
	}
	all := []setting{
		{text: nodes},
		{text: fmt.Sprintf("k = %d", c.K)},
		{text: fmt.Sprintf("alpha = %d", c.Alpha)},
	}
	word := func(name, value string, minor bool) {
		if value != "" {
			value = name + " " + value
		}
		all = append(all, setting{value, minor})
	}
	share := func(name string, value float64) { // a share of 0 is minor
		word(name, strconv.FormatFloat(value, 'g', -1, 64), value == 0)
	}
	word("latency", c.Latency, false)
	share("loss", c.Loss)
	share("duplicate", c.Duplicate)
	share("client", c.Client)
	share("silent", c.Silent)
	share("lying", c.Lying)
	word("attack", c.Attack, false)
	if c.Subnets > 0 {
		word("subnets", strconv.Itoa(c.Subnets), false)
	}
	word("workload", c.Workload, c.Workload == report.WorkloadFind)
	word("targets", c.Targets, c.Targets == report.TargetsRandom)
	word("tables", c.Tables, c.Tables == report.TablesIdeal)
	word("sessions", c.Sessions, c.Sessions == "none")
	word("lookup rule", c.Lookup, false)
	word("table policy", c.Table, false)
	word("duration", c.Duration, true)
	word("keys", strconv.Itoa(c.Keys), true)
	word("ttl", c.TTL, true)
	word("gets", c.Gets, false)
	all = append(all, setting{tracedLookup(c.TraceOf), true})
	word("seed", strconv.FormatUint(c.Seed, 10), false)
	if r.Kind == report.Bench {
		return append(all, setting{"real sockets", false})
	}
	return append(all, setting{"simulated", true})
}

// tracedLookup is the lookup that a report has the trace of.
func tracedLookup(of string) string {
	switch of {
	case "", report.TraceTypical, report.TraceWorst:
		return cmp.Or(of, report.TraceTypical) + " lookup"
	}
	return "lookup " + of
}

// measuredOnce are the reports without those that differ from one before in whose trace they
// have alone: their figures are the same.
func measuredOnce(reports []*report.Report) []*report.Report {
	type run struct {
		kind string
		report.Config
	}
	seen := make(map[run]string) // without the trace: whose it is
	return slices.DeleteFunc(slices.Clone(reports), func(r *report.Report) bool {
		c := run{r.Kind, r.Config}
		c.TraceOf = ""
		of, known := seen[c]
		if !known {
			seen[c] = r.Config.TraceOf
		}
		return known && of != r.Config.TraceOf
	})
}

// names gives each report a name from the settings in which it differs from the others,
// and returns the settings that all share. A single report has an empty name.
func names(reports []*report.Report) (names []string, shared string) {
	all := make([][]setting, len(reports))
	for i, r := range reports {
		all[i] = settings(r)
	}
	parts := make([][]string, len(reports))
	var common []string
	for s := range all[0] {
		first := all[0][s]
		differ := slices.ContainsFunc(all, func(of []setting) bool { return of[s].text != first.text })
		if !differ && !first.minor && first.text != "" {
			common = append(common, first.text)
		}
		for i := range all {
			if text := all[i][s].text; differ && text != "" {
				parts[i] = append(parts[i], text)
			}
		}
	}
	if slices.ContainsFunc(reports, func(r *report.Report) bool { return r.Partial }) {
		common = append(common, "interrupted")
	}
	taken := make(map[string]int)
	for _, p := range parts {
		name := strings.Join(p, ", ")
		if name == "" && len(reports) > 1 {
			name = "run"
		}
		if taken[name]++; taken[name] > 1 { // the same measurement again
			name = fmt.Sprintf("%s (%d)", name, taken[name])
		}
		names = append(names, name)
	}
	for i := range common {
		common[i] = strings.ReplaceAll(common[i], " ", "\u00a0") // a line breaks between settings
	}
	return names, strings.Join(common, ", ")
}

// fileNames are the suffixes of the reports' file names. A single report has none.
func fileNames(reports []*report.Report) []string {
	each, _ := names(reports)
	if len(each) == 1 {
		return each
	}
	const longest = 80 // file systems allow 255 bytes
	taken := make(map[string]bool)
	for i, name := range each {
		name = fileName(name)
		if len(name) > longest || taken[name] {
			name = fmt.Sprintf("report-%d", i+1)
		}
		taken[name] = true
		each[i] = "-" + name
	}
	return each
}

// fileName is a name in the form of a part of a file name.
func fileName(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.ReplaceAll(name, ",", "")) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
