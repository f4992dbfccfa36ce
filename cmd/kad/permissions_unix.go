//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// openTo are those of the permissions of a file that other users have. Those of its group
// they have not where nobody else is in it, as Kubernetes makes volumes (fsGroup).
func openTo(info fs.FileInfo, permissions fs.FileMode) fs.FileMode {
	open := info.Mode().Perm() & permissions
	if s, ok := info.Sys().(*syscall.Stat_t); ok && open&0o070 != 0 && isIn(int(s.Gid)) && privateGroup(os.DirFS("/etc"), os.Geteuid(), int(s.Gid)) {
		open &^= 0o070
	}
	return open
}

// isIn reports whether the process is in a group.
func isIn(gid int) bool {
	groups, err := os.Getgroups()
	return gid == os.Getegid() || err == nil && slices.Contains(groups, gid)
}

// privateGroup reports whether nobody but a user and root is in a group. What the directory
// does not list may be known to another source of users, so only a group with the number of
// the user is believed to be its own, and any one where no user has a name: in a container.
func privateGroup(etc fs.FS, uid, gid int) bool {
	passwd, noPasswd := fs.ReadFile(etc, "passwd")
	group, noGroup := fs.ReadFile(etc, "group")
	if errors.Is(noPasswd, fs.ErrNotExist) && errors.Is(noGroup, fs.ErrNotExist) {
		return true
	}
	for _, err := range []error{noPasswd, noGroup} {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	own := []string{""}                               // also the names in an empty list
	for line := range strings.Lines(string(passwd)) { // name:password:UID:GID:...
		if f := strings.Split(line, ":"); len(f) < 4 {
			continue
		} else if f[2] == strconv.Itoa(uid) || f[2] == "0" {
			own = append(own, f[0])
		} else if f[3] == strconv.Itoa(gid) {
			return false
		}
	}
	for line := range strings.Lines(string(group)) { // name:password:GID:members
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) == 4 && f[2] == strconv.Itoa(gid) && slices.ContainsFunc(strings.Split(f[3], ","), func(name string) bool { return !slices.Contains(own, name) }) {
			return false
		}
	}
	return uid == gid
}
