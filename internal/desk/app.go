package desk

// App is an AI app on this computer whose configuration Postern can be written into.
type App struct {
	ID, Name  string
	File      string // its configuration
	Connected bool
	Entry     string // what would be written
	Old       string // another entry of Postern's name that would be replaced; "" for none
	Problem   string // why its configuration cannot be used; "" if it can
	Restart   bool   // it reads that only when it starts
}
