package kadmium

import (
	"context"
	"iter"
	"time"

	"kadmium/driver"
	"kadmium/engine"
)

// Watch asks all of the key's holders and yields each value better than the one
// before, as answers come in; the last is the best. A slow reader gets only the
// latest. The sequence ends with the lookup, or with an error. Errors: as Get.
func (n *Node) Watch(ctx context.Context, key string) iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		if err := n.namespaces.CheckKey([]byte(key)); err != nil {
			yield(Value{}, err)
			return
		}
		var latest []Value // one at most
		stream(ctx, n, driver.Operation{
			Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
				return e.Get(now, op, engine.GetQuery{Key: []byte(key), Watch: true}, fx)
			},
			Progress: func(r *engine.Result) { latest = append(latest[:0:0], n.valueOf(r)) },
		}, &latest, yield)
	}
}
