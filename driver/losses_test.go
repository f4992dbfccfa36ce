package driver

import (
	"testing"

	"kadmium/engine"
)

// A contact that gave its place to another and waits is no loss (design R4.33).
func TestWhoWaitsForAPlaceIsNotLost(t *testing.T) {
	var d Driver
	d.noteLoss(&engine.Event{Kind: engine.PeerRemoved, Waits: true})
	d.noteLoss(&engine.Event{Kind: engine.PeerRemoved})
	if n := d.life.lost.removed; n != 1 {
		t.Errorf("%d contacts are lost, want the one that does not wait", n)
	}
}
