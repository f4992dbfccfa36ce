package sim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// Whole reports of small networks, one of each driver and workload: what changes in
// the behaviour of nodes, of the simulated network or of the figures shows up as a
// diff. With -rewrite the reports are written anew.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/reports.txt", func(t *testing.T, d *datadriven.TestData) string {
		c := Defaults()
		for _, arg := range d.CmdArgs {
			if err := set(&c, arg.Key, strings.Join(arg.Vals, ",")); err != nil {
				d.Fatalf(t, "%s: %v", arg.Key, err)
			}
		}
		return inLines(lasting(t, simulate(t, c)))
	})
}

// set sets a field of a Config as a flag of kad sim would.
func set(c *Config, name, value string) (err error) {
	switch name {
	case "nodes":
		c.Nodes, err = strconv.Atoi(value)
	case "lookups":
		c.Lookups, err = strconv.Atoi(value)
	case "k":
		c.K, err = strconv.Atoi(value)
	case "keys":
		c.Keys, err = strconv.Atoi(value)
	case "tables":
		c.Tables = value
	case "workload":
		c.Workload = value
	case "latency":
		c.Latency, err = ParseLatency(value)
	case "sessions":
		c.Sessions, err = ParseSessions(value)
	case "duration":
		c.Duration, err = time.ParseDuration(value)
	case "loss":
		c.Loss, err = strconv.ParseFloat(value, 64)
	case "attack", "subnets", "gets":
		return c.Set(name, value)
	case "silent":
		c.Silent, err = strconv.ParseFloat(value, 64)
	default:
		err = fmt.Errorf("no such field")
	}
	return err
}

var (
	innermost = regexp.MustCompile(`\{[^{}\[\]]*\}`)
	breaks    = regexp.MustCompile(`\n *`)
)

// inLines is indented JSON with each innermost object in one line.
func inLines(indented []byte) string {
	return innermost.ReplaceAllStringFunc(string(indented), func(object string) string {
		return breaks.ReplaceAllString(object, " ")
	}) + "\n"
}
