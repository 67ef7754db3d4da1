// Command manifests writes the JSON Schemas of Kubernetes' kinds for kubeconform, from the description that the API server publishes of itself:
// kubeconform's own come from a network. Unknown fields are mistakes in them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// groups are those of deploy/kubernetes, as the files of api/openapi-spec/v3 are called.
var groups = []string{"api__v1", "apis__apps__v1", "apis__batch__v1", "apis__networking.k8s.io__v1", "apis__policy__v1"}

// schema is a type of the API. What is not looked at here goes on as it is.
type schema map[string]json.RawMessage

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: manifests KUBERNETES FOLDER")
		os.Exit(2)
	}
	for _, group := range groups {
		if err := write(filepath.Join(os.Args[1], "api/openapi-spec/v3", group+"_openapi.json"), os.Args[2], group); err != nil {
			fmt.Fprintln(os.Stderr, "manifests:", err)
			os.Exit(1)
		}
	}
}

// write writes the types of a group into one file, and for each kind one that refers to it.
func write(from, into, group string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var api struct {
		Components struct {
			Schemas map[string]schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &api); err != nil {
		return err
	}
	for name, s := range api.Components.Schemas {
		if s["properties"] != nil && s["additionalProperties"] == nil {
			s["additionalProperties"] = json.RawMessage("false")
		}
		var kinds []struct{ Group, Version, Kind string }
		if json.Unmarshal(s["x-kubernetes-group-version-kind"], &kinds) != nil || len(kinds) != 1 {
			continue // no kind, or one of every group
		}
		short, _, _ := strings.Cut(kinds[0].Group, ".") // as kubeconform calls them
		kind := strings.ToLower(strings.Join([]string{kinds[0].Kind, short, kinds[0].Version}, "-"))
		refers := fmt.Sprintf(`{"$ref": "%s.json#/components/schemas/%s"}`, group, name)
		if err := os.WriteFile(filepath.Join(into, strings.ReplaceAll(kind, "--", "-")+".json"), []byte(refers), 0o644); err != nil {
			return err
		}
	}
	all, err := json.Marshal(api)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, group+".json"), all, 0o644)
}
