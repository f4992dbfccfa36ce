package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A pageCommand is a command that a page shows.
type pageCommand struct {
	text   string
	inText bool // between backquotes in a sentence, not on a line of its own
}

var (
	// begins is how a line begins that is a command, not text or code.
	begins = regexp.MustCompile(`^([A-Z_]+=\S+ )*(kad|go|cd|for|curl|docker|git|install|kubectl|systemctl|\.ci/run|docs/model/check|\./\w+)( |$)`)
	// complete is how a command in a sentence begins that is meant to be typed as it is.
	complete    = regexp.MustCompile(`^(go run|go test|cd \S+ &&|\.ci/run|docs/model/check|docker|kubectl)( |$)`)
	quoted      = regexp.MustCompile("`([^`]+)`")
	placeholder = regexp.MustCompile(`(^| |[^\w.])[A-Z][A-Z_|]*(\.json)?( |$|\b)|\.\.\.`)
	goesOn      = regexp.MustCompile(`\s*\\\n\s*`)  // a command of several lines
	explained   = regexp.MustCompile(`\s{3,}\S.*$`) // what follows a command in a help text
)

// pagesOf are the commands of all pages by the page's name, in their order.
func pagesOf(t *testing.T) map[string][]pageCommand {
	t.Helper()
	pages := make(map[string][]pageCommand)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return fs.SkipDir
		case name == "CHANGELOG.md" || strings.HasSuffix(name, "_test.go"):
			return nil
		case filepath.Ext(path) == ".md" || filepath.Ext(path) == ".go":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			read := commandsOfPage
			if filepath.Ext(path) == ".go" {
				read = commandsOfComments
			}
			if commands := read(string(text)); len(commands) > 0 {
				pages[name] = commands
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	helpExamples((&app{}).rootCommand(), pages)
	return pages
}

// commandsOfPage are those of a page in Markdown: in blocks, after a prompt in transcripts,
// and in sentences; and plans of kad sim.
func commandsOfPage(text string) (commands []pageCommand) {
	lines := strings.Split(text, "\n")
	fenced := false
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced && strings.HasPrefix(lines[i-1], "```toml"):
			from := i
			for !strings.HasPrefix(lines[i+1], "```") {
				i++
			}
			commands = append(commands, pageCommand{text: "cat > plan.toml <<'END'\n" + strings.Join(lines[from:i+1], "\n") + "\nEND\nkad sim --plan plan.toml"})
		case fenced:
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands = append(commands, pageCommand{text: command})
			}
		case strings.HasPrefix(line, "    ") && i > 0 && lines[i-1] == "":
			from := i
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "    ") {
				i++
			}
			commands = append(commands, commandsOfBlock(lines[from:i+1])...)
		default:
			for _, q := range quoted.FindAllStringSubmatch(line, -1) {
				if one := strings.ReplaceAll(q[1], `\|`, "|"); complete.MatchString(one) || strings.HasPrefix(one, "kad ") {
					commands = append(commands, pageCommand{one, true})
				}
			}
		}
	}
	return commands
}

// commandsOfBlock are those of an indented block: one a line, but for loops and quotes,
// which go on.
func commandsOfBlock(lines []string) (commands []pageCommand) {
	if !begins.MatchString(lines[0][4:]) {
		return nil
	}
	var command string
	for _, line := range lines {
		command += line[4:]
		if strings.Count(command, "'")%2 == 1 || strings.HasPrefix(command, "for ") && !strings.HasSuffix(command, "done") {
			command += "\n"
			continue
		}
		commands = append(commands, pageCommand{text: command})
		command = ""
	}
	return commands
}

// commandsOfComments are those of the comments of a package.
func commandsOfComments(text string) (commands []pageCommand) {
	for line := range strings.Lines(text) {
		if one, ok := strings.CutPrefix(line, "//\t"); ok && (strings.HasPrefix(one, "kad ") || complete.MatchString(one)) {
			commands = append(commands, pageCommand{explained.ReplaceAllString(strings.TrimSpace(one), ""), strings.HasPrefix(one, "kad ")})
		}
	}
	return commands
}

// helpExamples adds the examples of all help texts.
func helpExamples(cmd *cobra.Command, pages map[string][]pageCommand) {
	for line := range strings.Lines(goesOn.ReplaceAllString(cmd.Example, " ")) {
		name := cmd.CommandPath() + " --help"
		pages[name] = append(pages[name], pageCommand{text: explained.ReplaceAllString(strings.TrimSpace(line), "")})
	}
	for _, sub := range cmd.Commands() {
		helpExamples(sub, pages)
	}
}

// isMention reports whether a command in a sentence is not meant to be typed as it is.
func (c pageCommand) isMention() bool {
	if !c.inText || complete.MatchString(c.text) {
		return false
	}
	words := strings.Fields(c.text)
	flag := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") })
	return placeholder.MatchString(c.text) || flag < 0 || !slices.ContainsFunc(words[flag:], func(w string) bool { return !strings.HasPrefix(w, "-") })
}

// checkMention checks that there are the command and the flags that a sentence names.
func checkMention(t *testing.T, text string) {
	t.Helper()
	words := strings.Fields(text)[1:]
	root := (&app{}).rootCommand()
	root.InitDefaultHelpCmd()
	cmd, _, err := root.Find(words)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	if len(words) > 0 && !strings.HasPrefix(words[0], "-") && cmd.Parent() == nil {
		t.Errorf("%s: no command is called %q", text, words[0])
	}
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && cmd.Flag(name) == nil {
			t.Errorf("%s: there is no flag --%s", text, name)
		}
	}
}
