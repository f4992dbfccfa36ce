package engine

import (
	"time"

	"kadmium/rpc"
)

func (e *Engine) wantsRefresh() time.Time {
	if !e.mayMaintain() {
		return time.Time{}
	}
	return e.table.NextRefresh()
}

// refresh sees to a bucket in whose range nothing was looked up for an hour
// (Kademlia, section 2.3).
func (e *Engine) refresh() {
	cpl, ok := e.table.RefreshDue(e.now)
	if !ok {
		return
	}
	if cpl >= e.table.Subtree(e.cfg.K) { // the neighbourhood, of which all are wanted
		e.maintain(rpc.FindNode, nil, e.randomIn(cpl), func(*activeLookup) {})
		return
	}
	e.upkeep++
	e.newFill(0, cpl, func(*fill) { e.upkeep-- }).start()
}
