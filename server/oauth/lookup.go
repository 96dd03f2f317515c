package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"postern/server/oauth/cimd"
	"postern/server/oauth/page"
)

// staleDocument is how long the last good document of an approved client counts while its own cannot be fetched.
const staleDocument = 7 * 24 * time.Hour

// lookup finds the client of an authorization request, or says on a page why there is none.
func (s *Server) lookup(r *http.Request, id string) (Client, *page.Problem) {
	if id == "" {
		return Client{}, &page.Problem{Kind: page.Malformed, Detail: "client_id is missing"}
	}
	ctx := r.Context()
	c, err := s.Store.Client(ctx, id)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		s.Log.Error("reading a client", "error", err)
		return Client{}, &page.Problem{Kind: page.Failed}
	case err == nil && c.Status == Blocked:
		return Client{}, &page.Problem{Kind: page.Blocked, Client: shownClient(c)}
	case err == nil && c.Kind != Published:
		return c, nil
	case !cimd.IsURL(id) || s.Documents == nil:
		return Client{}, &page.Problem{Kind: page.UnknownClient}
	}
	known := err == nil
	if err := cimd.CheckID(id); err != nil {
		return Client{}, &page.Problem{Kind: page.IdentityUnavailable, Detail: err.Error()}
	}
	if known && s.Now().Before(c.Document.ExpiresAt) {
		return c, nil
	}
	return s.fetch(ctx, s.place(r), id, c, known)
}

// fetch brings what is known of a client up to its document (SEP-991), if the place that asks may have one fetched: there is
// a bound on all that are, and nobody is to use that up alone.
func (s *Server) fetch(ctx context.Context, place, id string, c Client, known bool) (Client, *page.Problem) {
	now := s.Now()
	etag := ""
	if known {
		etag = c.Document.ETag
	}
	got, err := cimd.Fetched{}, cimd.ErrBusy
	if s.limits.document(place) {
		got, err = s.Documents.Fetch(ctx, id, etag)
	}
	switch {
	case err == nil && got.NotModified && known:
		c.Document.ExpiresAt, c.Document.FetchedAt = got.Expires, now
	case err == nil:
		c = published(c, id, got.Document, now)
		c.Document = Document{ETag: got.ETag, FetchedAt: now, ExpiresAt: got.Expires}
	case known && c.Status == Approved && now.Sub(c.Document.FetchedAt) < staleDocument:
		s.Log.Warn("the document of a client cannot be fetched; the last one counts", "client", id, "error", err)
		return c, nil
	default:
		pinned, ok := cimd.Pinned(id)
		if !ok {
			s.Log.Warn("the document of a client cannot be fetched", "client", clip(id, 200), "error", err)
			return Client{}, &page.Problem{Kind: page.IdentityUnavailable, Detail: err.Error()}
		}
		s.Log.Warn("the document of a client cannot be fetched; the built-in one counts", "client", id, "error", err)
		c = published(c, id, pinned, now)
		c.Document = Document{} // to be fetched the next time
	}
	if !known {
		c.Outside = s.Public
		return c, nil // see keep
	}
	if err := s.Store.SaveClient(ctx, c); err != nil {
		s.Log.Error("keeping a client", "error", err)
		return Client{}, &page.Problem{Kind: page.Failed}
	}
	return c, nil
}

// keep makes a client known that is named by the address of its document, once it asks for something: anybody can have
// many such addresses. A page says why it is not kept.
func (s *Server) keep(ctx context.Context, c Client) *page.Problem {
	if c.Kind != Published || c.Status != New {
		return nil
	}
	switch err := s.Store.AddClient(ctx, c, maxUnapproved); {
	case errors.Is(err, ErrTooMany):
		return &page.Problem{Kind: page.TooMany, Client: shownClient(c), Wait: time.Minute}
	case err != nil:
		s.Log.Error("keeping a client", "error", err)
		return &page.Problem{Kind: page.Failed}
	}
	return nil
}

// published is the client of a document.
func published(c Client, id string, d cimd.Document, now time.Time) Client {
	if c.ID == "" {
		c = Client{ID: id, Kind: Published, Status: New, CreatedAt: now}
	}
	c.Name, c.RedirectURIs = name(d.ClientName), d.RedirectURIs
	return c
}
