package sim

import "context"

func (r *run) network(ctx context.Context) {}
