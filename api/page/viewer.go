package page

import (
	"net"
	"net/http"
	"net/netip"
)

// ReportPath is where a Viewer has the report, and ReportFragment what the page's URL ends
// with to show it.
const (
	ReportPath     = "/report.json"
	ReportFragment = "#report"
)

// Viewer serves the page with one report, or a sweep of them, in JSON, and no node. It
// answers requests for an IP only: a name could be another site's (DNS rebinding).
func Viewer(report []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		headers(h)
		at, err := netip.ParseAddrPort(r.Host)
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case err != nil || !at.Addr().IsLoopback():
			http.Error(w, "use the address that kad view printed", http.StatusMisdirectedRequest)
		case r.URL.Path != ReportPath || r.Method != http.MethodGet:
			Serve(w, r)
		case site != "" && site != "same-origin" && site != "none":
			http.Error(w, "other sites may not read the report", http.StatusForbidden)
		default:
			h.Set("Content-Type", "application/json")
			h.Set("Cache-Control", "no-store")
			_, _ = w.Write(report) // the browser may have left
		}
	})
}

// ViewerURL is the page's address on a listener that serves a Viewer.
func ViewerURL(l net.Listener) string { return "http://" + l.Addr().String() + "/" + ReportFragment }
