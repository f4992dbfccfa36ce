package api

import "net/http"

// table serves GET /v1/table.
func table(c *call) error { return c.shows(func() any { return c.node.Table() }) }

// stats serves GET /v1/stats.
func stats(c *call) error { return c.shows(func() any { return c.node.Stats() }) }

// tasks serves GET /v1/tasks.
func tasks(c *call) error { return c.shows(func() any { return c.node.Stats().Tasks }) }

// shows answers with what the node knows without asking anybody.
func (c *call) shows(what func() any) error {
	if c.bad != nil {
		return c.bad
	}
	return c.json(http.StatusOK, what())
}
