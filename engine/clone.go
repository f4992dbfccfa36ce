package engine

import "kadmium/rpc"

func cloneRecord(r *rpc.Record) *rpc.Record {
	c := *r
	c.Key, c.Value = append([]byte(nil), r.Key...), append([]byte(nil), r.Value...)
	c.Signature = append([]byte(nil), r.Signature...)
	return &c
}

func cloneProvider(p rpc.Provider) rpc.Provider {
	p.Key, p.Signature = append([]byte(nil), p.Key...), append([]byte(nil), p.Signature...)
	return p
}
