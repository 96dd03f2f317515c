package ui

import (
	"context"

	"postern/ui/text"
)

// chooseVault lets the owner choose where secrets are kept on a computer without a keychain: in one that they unlock or
// install now, or in an encrypted file. Nothing is chosen for them.
func (w *window) chooseVault() {
	s := newSheet(w, text.T("window.vault_choose_title"), 460)
	s.Show()
	again := newButton(text.T("window.vault_again"), nil, func() {
		s.Hide()
		w.app.config.Retry()
	})
	file := newButton(text.T("window.vault_file_do"), nil, func() {
		s.Hide()
		w.app.work.run(text.T("window.vault_making"), func(ctx context.Context) error { return w.app.config.Bridge.UseEncryptedFile(ctx) }, w.app.config.Retry)
	}).main()
	s.page(column(titled(text.T("window.vault_keychain"), text.T("window.vault_keychain_text")), titled(text.T("window.vault_file"), text.T("window.vault_file_text"))),
		again, newButton(text.T("window.cancel"), nil, s.Hide), again, file)
}
