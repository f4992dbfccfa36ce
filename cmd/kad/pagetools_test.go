package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"kadmium/internal/cli"
)

// Commands of pages are run by a shell that finds other programs in its path: kad and go
// are this test binary under those names. Then pageTool is set, and these variables.
const (
	pageTool    = "PAGE_TOOL"    // the name of the program
	pageRuns    = "PAGE_RUNS"    // the real kad; empty: nothing is run, only checked
	pageSources = "PAGE_SOURCES" // the root of the sources
)

// runPageTool is the test binary as a program of pages, and its exit code.
func runPageTool(tool string, args []string) int {
	var err error
	switch tool {
	case "kad":
		return kadOfPages(args)
	case "go":
		if len(args) > 1 && args[0] == "run" && args[1] == "./cmd/kad" {
			return kadOfPages(args[2:])
		}
		err = checkGo(args)
	case "kubectl":
		if i := slices.Index(args, "--"); len(args) > 0 && args[0] == "exec" && i > 0 && i+1 < len(args) && args[i+1] == "/kad" {
			return kadOfPages(args[i+2:])
		}
		err = checkPaths(args, "-k")
	case "docker":
		err = checkPaths(args, "-f")
	default:
		err = fmt.Errorf("no such tool")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s %q: %v\n", tool, args, err)
		return cli.ExitBadInput
	}
	return cli.ExitDone
}

// kadOfPages runs the command as it is, or one that is interrupted before it begins: what
// it says of flags, arguments and files it says all the same.
func kadOfPages(args []string) int {
	if real := os.Getenv(pageRuns); real != "" {
		fmt.Fprintln(os.Stderr, syscall.Exec(real, append([]string{"kad"}, args...), os.Environ()))
		return cli.ExitBadInput
	}
	if i := slices.Index(args, "--out"); i >= 0 && i+1 < len(args) {
		args[i+1] += ".checked" // a sweep that has not begun would take its place
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := &app{App: cli.App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}}
	if a.execute(ctx, args) == cli.ExitBadInput {
		return cli.ExitBadInput
	}
	return cli.ExitDone
}

// checkPaths checks that there is what a flag names.
func checkPaths(args []string, flag string) error {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		_, err := os.Stat(args[i+1])
		return err
	}
	return nil
}

// goFlags are the flags of the go command that pages use, and whether a value follows.
var goFlags = map[string]bool{
	"-run": true, "-bench": true, "-fuzz": true, "-benchtime": true, "-fuzztime": true, "-timeout": true, "-count": true, "-o": true,
	"-v": false, "-race": false, "-benchmem": false, "-mod=mod": false,
}

// checkGo checks that a go command names packages, tests and flags that there are.
func checkGo(args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"run", "test", "build", "generate"}, args[0]) {
		return nil // go mod and go doc: the shell has the files they need
	}
	var dirs, own []string // directories of the packages, and what the program or test takes
	tests := make(map[string]string)
	for rest := args[1:]; len(rest) > 0; rest = rest[1:] {
		word := rest[0]
		takes, known := goFlags[word]
		switch {
		case args[0] == "run" && len(dirs) > 0:
			own = append(own, word)
		case known && takes && len(rest) == 1:
			return fmt.Errorf("%s has no value", word)
		case known && takes:
			tests[word], rest = rest[1], rest[1:]
		case known:
		case strings.HasPrefix(word, "-"):
			own = append(own, word)
		case strings.HasPrefix(word, ".") && !strings.Contains(filepath.Base(word), ".png"):
			found, err := packageDirs(word)
			if err != nil {
				return err
			}
			dirs = append(dirs, found...)
		}
	}
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	source, err := sourcesIn(dirs, args[0] == "test")
	if err != nil {
		return err
	}
	for flag, kinds := range map[string]string{"-run": "Test|Fuzz|Example", "-bench": "Benchmark", "-fuzz": "Fuzz"} {
		if err := checkPattern(source, tests[flag], kinds); err != nil {
			return fmt.Errorf("%s %s: %w", flag, tests[flag], err)
		}
	}
	return checkOwnFlags(source, own)
}

// packageDirs are the directories of a package or of all below one.
func packageDirs(pattern string) (dirs []string, err error) {
	root, all := strings.CutSuffix(pattern, "/...")
	if !all {
		if _, err := os.Stat(root); err != nil {
			return nil, err
		}
		return []string{root}, nil
	}
	err = filepath.WalkDir(root+"/", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	return dirs, err
}

// sourcesIn is the text of the packages, which must have some.
func sourcesIn(dirs []string, tests bool) (string, error) {
	var text strings.Builder
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if !tests && strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			text.Write(source)
		}
	}
	if text.Len() == 0 {
		return "", fmt.Errorf("no package in %q", dirs)
	}
	return text.String(), nil
}

// checkPattern checks that each alternative of a pattern is the name of some test, and that
// there is a script for the case of it that is named.
func checkPattern(source, pattern, kinds string) error {
	if pattern == "" || pattern == "-" || pattern == "^$" { // none is to run
		return nil
	}
	pattern, script, _ := strings.Cut(pattern, "/")
	names := regexp.MustCompile(`(?m)^func ((?:`+kinds+`)\w*)\(`).FindAllStringSubmatch(source, -1)
	for one := range strings.SplitSeq(pattern, "|") {
		matches, err := regexp.Compile(one)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(names, func(name []string) bool { return matches.MatchString(name[1]) }) {
			return fmt.Errorf("no test has the name %s", one)
		}
	}
	if script == "" {
		return nil
	}
	out, err := exec.Command("find", os.Getenv(pageSources), "-path", "*/testdata/*", "-name", script+"*").Output()
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("no script in testdata has the name %s", script)
	}
	return err
}

// checkOwnFlags checks that the sources define the flags.
func checkOwnFlags(source string, args []string) error {
	for _, word := range args {
		name := strings.TrimLeft(word, "-")
		name, _, _ = strings.Cut(name, "=")
		if name == word || name == "" {
			continue
		}
		if name == "rewrite" && strings.Contains(source, "cockroachdb/datadriven") { // which defines it
			continue
		}
		if !regexp.MustCompile(`(?i)\b(Bool|Int|Uint64|String|Duration|Func|Var)\w*\([^"\n]*"` + regexp.QuoteMeta(name) + `"`).MatchString(source) {
			return fmt.Errorf("%s is no flag of it", word)
		}
	}
	return nil
}
