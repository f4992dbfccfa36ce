package engine

// An owner says for whom a request is sent: the number of the activity that learns how it
// ended, and the operation it serves (0: the node's own).
type owner struct {
	activity uint64
	op       OpID
}

// nobody owns the requests whose answers matter to the routing table only.
var nobody owner

// linkTest owns the PINGs that test the link (design R4.8). No activity has this number.
const linkTest = ^uint64(0)

// register adds an activity and returns it as the owner of its requests.
func (e *Engine) register(a activity, op OpID) owner {
	if e.activities == nil {
		e.activities = make(map[uint64]activity)
	}
	e.lastActivity++
	e.activities[e.lastActivity] = a
	return owner{e.lastActivity, op}
}

// unregister removes an activity. Its outstanding requests go on, because their answers
// matter to the routing table.
func (e *Engine) unregister(o owner) {
	if delete(e.activities, o.activity); len(e.activities) == 0 {
		e.activities = nil // an engine at rest keeps no memory for it
	}
}
