package sweep

import (
	"kadmium/sim"
	"kadmium/sim/report"
)

// A Single is the only run of a plan that is run in a directory. It is made before the run:
// the program's file and those that it reads may be others when the run has ended.
type Single struct {
	Kept *report.Report // what the directory has of it already, its lookups too if they are wanted; nil: nothing

	d       *directory
	run     Run
	columns []string // nil: those of a simulation
	config  sim.Config
}

// NewSingle prepares a directory for one simulation, and for its lookups if they are wanted.
func NewSingle(dir string, c sim.Config, lookups bool) (*Single, error) {
	program, err := ThisProgram()
	if err != nil {
		return nil, err
	}
	d, err := openDirectory(dir, program, inputs([]sim.Config{c}), lookups)
	if err != nil {
		return nil, err
	}
	s := &Single{d: d, run: Run{ID: id(&c, &program), Params: params(&c)}, config: c}
	if s.Kept = d.kept(s.run.ID); s.Kept != nil && lookups && !hasLookups(dir, s.run.ID, s.Kept) {
		s.Kept = nil
	}
	return s, nil
}

// Single prepares a directory for one measurement.
func (m *Measurement) Single(dir string) (*Single, error) {
	program, err := ThisProgram()
	if err != nil {
		return nil, err
	}
	d, err := openDirectory(dir, program, map[string]string{}, false)
	if err != nil {
		return nil, err
	}
	s := &Single{d: d, run: m.of(&program), columns: m.columns()}
	s.Kept = d.kept(s.run.ID)
	return s, nil
}

// Changed is how many reports were found in the directory that are not those that were kept.
func (s *Single) Changed() int { return s.d.changed }

// Keep keeps the report and the lookups, if they are wanted, or what was kept already.
func (s *Single) Keep(r *report.Report, lookups []report.Sample) error {
	if r != s.Kept {
		if s.d.lookups {
			if err := writeLookups(s.d.path, s.run.ID, &s.config, lookups); err != nil {
				return err
			}
		}
		sum, err := writeReport(s.d.path, s.run.ID, r)
		if err != nil {
			return err
		}
		s.d.sums[s.run.ID] = sum
	}
	s.run.Report = r
	return s.d.finish(&Results{Varied: []string{}, Runs: []Run{s.run}, columns: s.columns})
}
