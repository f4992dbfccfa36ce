package behaviour

import (
	"kadmium/compare/side"
)

func tableCases() []Case {
	return []Case{{
		Name: "ring of 30 nodes, each joining by the one before it",
		Play: func(s *Stage) (string, error) {
			var nodes []side.Node
			for range 30 {
				n, err := s.Join(nodes[max(0, len(nodes)-1):]...)
				if err != nil {
					return "", err
				}
				nodes = append(nodes, n)
			}
			if err := s.Converge(nodes); err != nil {
				return "does not converge", nil
			}
			return "converges: each finds its true 20 nearest", nil
		},
	}}
}
