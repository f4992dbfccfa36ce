package sweep

import (
	"context"
	"fmt"

	"kadmium/sim"
	"kadmium/sim/report"
)

// A Measurement is a run that is no simulation: what it measures takes the machine for
// itself, and is never twice the same.
type Measurement struct {
	Settings []sim.Setting // all of them, in the order of the table's columns
	Run      func(context.Context) (*report.Report, error)
}

// Measure runs measurements one after the other, which have the same settings with other
// values, and keeps them in a directory as Execute does, if it is not empty: those that are
// there are not run again. The error is ErrBadPlan, or that of a run; what has ended before
// is kept. Progress is told how many have ended, and may be nil.
func Measure(ctx context.Context, all []Measurement, dir string, progress Progress) (results *Results, stopped bool, err error) {
	program, err := ThisProgram()
	if err != nil {
		return nil, false, err
	}
	if dir != "" {
		if err := makeDirectories(dir, false); err != nil {
			return nil, false, err
		}
	}
	settings := make([][]sim.Setting, len(all))
	ids := make(map[string]bool)
	for i, m := range all {
		settings[i] = m.Settings
		of := lines(m.Settings)
		if ids[of] {
			return nil, false, fmt.Errorf("%w: two of its runs are the same: %s", ErrBadPlan, of)
		}
		ids[of] = true
	}
	results = &Results{Varied: variedOf(settings), columns: all[0].columns()}
	for i, m := range all {
		run := m.of(&program)
		if dir != "" {
			run.Report = kept(dir, run.ID)
		}
		if run.Report == nil {
			if run.Report, err = m.measure(ctx, dir, run.ID); err != nil {
				return nil, false, err
			}
		}
		if stopped = run.Report == nil; stopped {
			break
		}
		results.Runs = append(results.Runs, run)
		if progress != nil {
			progress(i+1, len(all))
		}
	}
	if dir != "" {
		err = results.write(dir, program, map[string]string{}, false)
	}
	return results, stopped, err
}

// measure runs one and keeps its report; nil if it was interrupted.
func (m *Measurement) measure(ctx context.Context, dir, id string) (*report.Report, error) {
	if ctx.Err() != nil {
		return nil, nil
	}
	r, err := m.Run(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case err != nil:
		return nil, err
	case dir == "":
		return r, nil
	}
	return r, writeReport(dir, id, r)
}

// of is the run of a measurement by a program, without its report.
func (m *Measurement) of(p *Program) Run {
	return Run{ID: shortHash("measured\n" + lines(m.Settings) + p.SHA256), Params: byName(m.Settings)}
}

func (m *Measurement) columns() []string {
	names := []string{}
	for _, s := range m.Settings {
		names = append(names, s.Name)
	}
	return names
}

// Keep keeps the report of one measurement in a directory, as Measure does.
func (m *Measurement) Keep(dir string, r *report.Report) error {
	program, err := ThisProgram()
	if err != nil {
		return err
	}
	if err := makeDirectories(dir, false); err != nil {
		return err
	}
	run := m.of(&program)
	run.Report = r
	if err := writeReport(dir, run.ID, r); err != nil {
		return err
	}
	results := Results{Varied: []string{}, Runs: []Run{run}, columns: m.columns()}
	return results.write(dir, program, map[string]string{}, false)
}
