package show

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger writes lines for people on a terminal and JSON elsewhere.
func NewLogger(level string, w io.Writer, colours bool) *zap.Logger {
	at, err := zapcore.ParseLevel(level)
	switch {
	case level != "" && err == nil:
	case IsTerminal(w):
		at = zapcore.WarnLevel // the bar and the tables say the rest
	default:
		at = zapcore.InfoLevel
	}
	form := zap.NewProductionEncoderConfig()
	form.EncodeTime = zapcore.ISO8601TimeEncoder
	form.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(form)
	if IsTerminal(w) {
		if form.EncodeLevel = zapcore.CapitalLevelEncoder; colours {
			form.EncodeLevel = zapcore.CapitalColorLevelEncoder
		}
		encoder = zapcore.NewConsoleEncoder(form)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(w), at))
}
