package report

import "runtime"

// A Machine says where and how fast a measurement ran. In a simulation it is all that
// differs between two runs of one Config.
type Machine struct {
	WallSeconds        float64 `json:"wall_seconds"`
	RPCsPerSecond      float64 `json:"rpcs_per_second"`
	MemoryBytesPerNode float64 `json:"memory_bytes_per_node"`
	CPUs               int     `json:"cpus"`
	Go                 string  `json:"go"`
}

// LiveHeap is the size of the live objects on the heap of this process, in bytes.
func LiveHeap() int64 {
	runtime.GC()
	runtime.GC() // what the first cycle moved out of pools and finalizers
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
