"""The page of an audit bundle that people read: `ReportFold` gathers it from lines, `render_report` writes it."""
