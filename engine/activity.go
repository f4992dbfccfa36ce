package engine

// An owner is whose a request is: the activity that hears how it went, by number,
// and the operation it serves (0: the node's own).
type owner struct {
	activity uint64
	op       OpID
}

// nobody owns requests whose answers only matter to the table.
var nobody owner

// linkTest owns the PINGs that test the link: nobody listens to them.
const linkTest = ^uint64(0)

// register adds an activity, as the owner of its requests.
func (e *Engine) register(a activity, op OpID) owner {
	if e.activities == nil {
		e.activities = make(map[uint64]activity)
	}
	e.lastActivity++
	e.activities[e.lastActivity] = a
	return owner{e.lastActivity, op}
}

// unregister ends an activity. Requests still under way go on for the table's sake.
func (e *Engine) unregister(o owner) {
	if delete(e.activities, o.activity); len(e.activities) == 0 {
		e.activities = nil // a node at rest keeps no memory for it
	}
}
