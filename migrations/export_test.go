package migrations

import "io"

// UpFile gives the file that leads to a version as it is carried out.
func UpFile(version uint) (string, error) {
	e, err := openEmbedded()
	if err != nil {
		return "", err
	}
	file, _, err := e.ReadUp(version)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	return string(text), err
}
