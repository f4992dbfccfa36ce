package engine

import "time"

func (e *Engine) wantsRefresh() time.Time {
	if !e.mayMaintain() {
		return time.Time{}
	}
	return e.table.NextRefresh()
}

// refresh refreshes a bucket that no lookup has touched for an hour (Kademlia, section
// 2.3): by a lookup in the neighbourhood (design R4.19), and by a fill outside of it
// (design R4.20), but for one an hour, whose lookup tells the network's size (design R5.24).
func (e *Engine) refresh() {
	cpl, ok := e.table.RefreshDue(e.now)
	if !ok {
		return
	}
	e.greetFormer(nobodyAsked)           // those left, as they could not be asked or nobody was heard
	if cpl >= e.table.Subtree(e.cfg.K) { // in the neighbourhood
		e.maintain(ForRefresh, e.randomIn(cpl), func(*activeLookup) { e.searched(cpl) })
		return
	}
	if e.wantsSize() {
		e.sizes.asked = e.now.Sub(e.born)
		e.maintain(ForRefresh, e.randomIn(cpl), (*activeLookup).tellsSize)
		return
	}
	e.upkeep++
	e.newFill(0, cpl, func(*fill) { e.upkeep-- }).start()
}
