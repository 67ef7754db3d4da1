package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/bcrypt"

	"smsetl/config"
	"smsetl/vendors"
)

// understands says whether the program takes a command line.
func understands(t *testing.T, where string, arguments []string) {
	t.Helper()
	parser, err := newParser(&cli{}, variables(nil), io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(arguments); err != nil {
		t.Errorf("%s: etl %s: %v", where, strings.Join(arguments, " "), err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The units start the program as it wants to be started.
func TestUnits(t *testing.T) {
	t.Parallel()
	starts := regexp.MustCompile(`(?m)^ExecStart=etl (.*)$`)
	for _, path := range []string{"../../deploy/systemd/etl.service", "../../deploy/systemd/etl-run.service"} {
		found := starts.FindAllStringSubmatch(string(readFile(t, path)), -1)
		if len(found) != 1 {
			t.Errorf("%s starts the program %d times", path, len(found))
			continue
		}
		understands(t, path, strings.Fields(found[0][1]))
	}
}

// composeFile is what the test needs to see of docker-compose.yml.
type composeFile struct {
	Services map[string]struct {
		Image       string              `yaml:"image"`
		Command     []string            `yaml:"command"`
		Profiles    []string            `yaml:"profiles"`
		Ports       []string            `yaml:"ports"`
		Environment map[string]string   `yaml:"environment"`
		Volumes     []string            `yaml:"volumes"`
		DependsOn   map[string]struct{} `yaml:"depends_on"`
		Healthcheck struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
	} `yaml:"services"`
}

func readCompose(t *testing.T) (file composeFile) {
	t.Helper()
	// A key beside the merged ones goes before them, which the decoder takes for the same key twice.
	if err := yaml.UnmarshalWithOptions(readFile(t, "../../docker-compose.yml"), &file, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	return file
}

// Services of the program are started as it wants to be started; ports are open on this machine only; images have versions.
func TestCompose(t *testing.T) {
	t.Parallel()
	if nested := regexp.MustCompile(`\$\{[^}]*\$\{[^}]*`).Find(readFile(t, "../../docker-compose.yml")); nested != nil {
		t.Errorf("%s: Compose 1.29 reads a variable inside another's default as text", nested)
	}
	file := readCompose(t)
	var ours []string
	reference := regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)
	for name, service := range file.Services {
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: %s is open to other machines", name, port)
			}
		}
		image := reference.ReplaceAllString(service.Image, "$1")
		if _, version, _ := strings.Cut(image, ":"); version == "" || version == "latest" {
			t.Errorf("%s: the image %q has no version", name, image)
		}
		for other := range service.DependsOn {
			if _, there := file.Services[other]; !there {
				t.Errorf("%s waits for %s, which is not there", name, other)
			}
		}
		if name != "analyst" && name != "bootstrap" && len(service.Healthcheck.Test) == 0 { // these two do one thing and end
			t.Errorf("%s has no health check", name)
		}
		if !strings.HasPrefix(service.Image, "${ETL_IMAGE:") {
			continue
		}
		ours = append(ours, name)
		for i := range service.Command {
			service.Command[i] = reference.ReplaceAllString(service.Command[i], "$1")
		}
		understands(t, name, service.Command)
	}
	slices.Sort(ours)
	if got := strings.Join(ours, " "); got != "bootstrap etl etl-sandbox sandbox" {
		t.Errorf("services of the program: %s", got)
	}
}

// manifest is what the test needs to see of a Kubernetes object.
type manifest struct {
	Kind string            `yaml:"kind"`
	Data map[string]string `yaml:"data"`
	Spec struct {
		Template    template `yaml:"template"`
		JobTemplate struct {
			Spec struct {
				Template template `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"jobTemplate"`
	} `yaml:"spec"`
}

type template struct {
	Spec struct {
		InitContainers []container `yaml:"initContainers"`
		Containers     []container `yaml:"containers"`
	} `yaml:"spec"`
}

type container struct {
	Name string   `yaml:"name"`
	Args []string `yaml:"args"`
}

// The manifests start the program as it wants to be started, with a configuration that it can read and whose variables the secret sets.
func TestManifests(t *testing.T) {
	t.Parallel()
	var configuration string
	var names []string
	for _, path := range []string{"../../deploy/kubernetes/etl.yaml", "../../deploy/kubernetes/cronjob.yaml"} {
		decoder := yaml.NewDecoder(bytes.NewReader(readFile(t, path)))
		for {
			var m manifest
			if err := decoder.Decode(&m); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			configuration += m.Data["schedules.yaml"]
			for _, at := range []template{m.Spec.Template, m.Spec.JobTemplate.Spec.Template} {
				for _, c := range slices.Concat(at.Spec.InitContainers, at.Spec.Containers) {
					understands(t, path, c.Args)
					names = append(names, c.Args[0])
				}
			}
		}
	}
	if got := strings.Join(names, " "); got != "migrate serve run" {
		t.Errorf("the manifests start %q", got)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("x"), 10)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^([A-Z_]+)=$`).FindAllSubmatch(readFile(t, "../../deploy/kubernetes/etl.env.example"), -1) {
		set[string(found[1])] = strings.Repeat("x", 32) // as its owner fills it in
	}
	set["ETL_WEB_PASSWORD_HASH"] = string(hash)
	_, err = config.Parse("schedules.yaml", []byte(configuration), config.Env{
		Vendors: vendors.All.Configured(),
		Lookup:  func(name string) (string, bool) { v, ok := set[name]; return v, ok }, ReadFile: os.ReadFile, Now: time.Now,
	})
	if err != nil {
		t.Error(err)
	}
}
