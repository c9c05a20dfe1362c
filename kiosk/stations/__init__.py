"""One adapter a station: takes its effects, calls its room, answers with events. The only place that knows both sides."""
