package metabasetest

import (
	"net/http"
)

// Collection is a folder of cards and dashboards.
type Collection struct {
	ID          int     `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Location    string  `json:"location"`
	Type        string  `json:"type,omitempty"`
	Archived    bool    `json:"archived"`
}

// root is the collection at the top, whose id is a word.
type root struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Server) listCollections(r *http.Request) (any, error) {
	archived := r.URL.Query().Get("archived") == "true"
	all := []any{}
	if !archived {
		all = append(all, root{"root", "Our analytics"})
	}
	for _, c := range s.Collections {
		if c.Archived == archived && (archived || c.ID != trashID) {
			all = append(all, c)
		}
	}
	return all, nil
}

func (s *Server) addCollection(r *http.Request) (any, error) {
	var body struct {
		Name           string  `json:"name"`
		Description    *string `json:"description"`
		ParentID       *int    `json:"parent_id"`
		Namespace      *string `json:"namespace"`
		AuthorityLevel *string `json:"authority_level"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Name == "" {
		return nil, wrong("name", "value must be a non-blank string.")
	}
	c := &Collection{ID: s.nextID(), Name: body.Name, Description: body.Description, Location: "/"}
	s.Collections = append(s.Collections, c)
	return c, nil
}

func (s *Server) trash(*http.Request) (any, error) { return s.Collections[0], nil }

type item struct {
	ID           int     `json:"id"`
	Name         string  `json:"name"`
	Description  *string `json:"description"`
	Model        string  `json:"model"`
	CollectionID int     `json:"collection_id"`
}

func (s *Server) items(r *http.Request) (any, error) {
	c, err := find(r, s.Collections, func(c *Collection) int { return c.ID })
	if err != nil {
		return nil, err
	}
	all := []item{}
	models := r.URL.Query()["models"]
	for _, model := range models {
		switch model {
		case "dashboard":
			for _, d := range s.Dashboards {
				if d.Archived && c.ID == trashID || !d.Archived && d.CollectionID == c.ID {
					all = append(all, item{d.ID, d.Name, d.Description, "dashboard", c.ID})
				}
			}
		case "card", "dataset", "collection":
		default:
			return nil, wrong("models", "enum of card, dataset, collection, dashboard")
		}
	}
	return struct {
		Total  int      `json:"total"`
		Data   []item   `json:"data"`
		Models []string `json:"models"`
	}{len(all), all, models}, nil
}
