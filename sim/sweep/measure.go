package sweep

import (
	"context"
	"errors"

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
	g, err := gridOf(all, &program)
	if err != nil {
		return nil, false, err
	}
	var d *directory
	if dir != "" {
		if d, err = openDirectory(dir, program, map[string]string{}, false); err != nil {
			return nil, false, err
		}
		left := 0
		for i := range g.runs {
			if g.runs[i].Report = d.kept(g.runs[i].ID); g.runs[i].Report == nil {
				left++
			}
		}
		if left > 0 {
			if err := d.begin(g); err != nil {
				return nil, false, err
			}
		}
	}
	err = measureAll(ctx, all, g, d, progress)
	results = g.results()
	if d != nil {
		err = errors.Join(err, d.finish(results))
	}
	if err != nil {
		return nil, false, err
	}
	return results, len(results.Missing) > 0, nil
}

// measureAll makes those runs that have no report, until one fails or is interrupted.
func measureAll(ctx context.Context, all []Measurement, g *grid, d *directory, progress Progress) error {
	for i := range all {
		if g.runs[i].Report == nil {
			if err := all[i].measure(ctx, g, i, d); err != nil {
				return err
			}
		}
		if g.runs[i].Report == nil {
			return nil
		}
		if progress != nil {
			progress(i+1, len(all))
		}
	}
	return nil
}

// gridOf are the runs of measurements. Its error is ErrBadPlan.
func gridOf(all []Measurement, p *Program) (*grid, error) {
	g := &grid{columns: all[0].columns()}
	settings := make([][]sim.Setting, len(all))
	of := make(map[string]int)
	for i, m := range all {
		settings[i] = m.Settings
		run := m.of(p)
		if j, twice := of[run.ID]; twice {
			return nil, same(all[j].Settings, m.Settings)
		}
		of[run.ID] = i
		g.runs = append(g.runs, run)
	}
	g.varied = variedOf(settings)
	return g, nil
}

// measure makes one, the run i of a grid, and keeps its report in the directory unless that
// is nil. If it was interrupted the run has no report after it.
func (m *Measurement) measure(ctx context.Context, g *grid, i int, d *directory) error {
	if ctx.Err() != nil {
		return nil
	}
	r, err := m.Run(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	g.runs[i].Report = r
	if d == nil {
		return nil
	}
	sum, err := writeReport(d.path, g.runs[i].ID, r)
	if err != nil {
		return err
	}
	return d.ended(g, g.runs[i].ID, sum)
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
