//! The table.

use std::time::Duration;

/// What one row says.
struct Row {
    what: String,
    guide: &'static str,
    target: String,
    measured: String,
    met: Option<bool>,
}

/// See the module.
#[derive(Default)]
pub struct Report(Vec<Row>);

/// A promise: what is measured, what the performance guide says of it, and the
/// most it may be.
pub struct Target<'a> {
    pub what: &'a str,
    pub guide: &'static str,
    pub at_most: f64,
    pub unit: &'static str,
}

impl Report {
    /// A figure in the target's unit, and what else is to be said of it.
    pub fn add(&mut self, target: &Target<'_>, figure: f64, note: &str) {
        let met = figure <= target.at_most;
        self.push(target, "≤", figure, met, note);
    }

    /// As [`Report::add`], where more is better.
    pub fn add_at_least(&mut self, target: &Target<'_>, figure: f64, note: &str) {
        let met = figure >= target.at_most;
        self.push(target, "≥", figure, met, note);
    }

    /// A count that nobody has set a limit to.
    pub fn count(&mut self, what: &str, count: u64) {
        let count = number(count as f64);
        eprintln!("  {what}: {count}");
        self.0.push(Row {
            what: what.to_owned(),
            guide: "–",
            target: "–".to_owned(),
            measured: count,
            met: None,
        });
    }

    /// A row without a figure.
    pub fn skip(&mut self, what: &str, why: &str) {
        eprintln!("SKIPPED: {what}: {why}");
        self.0.push(Row {
            what: what.to_owned(),
            guide: "–",
            target: "–".to_owned(),
            measured: format!("skipped: {why}"),
            met: None,
        });
    }

    fn push(&mut self, target: &Target<'_>, sign: &str, figure: f64, met: bool, note: &str) {
        let (limit, figure) = (number(target.at_most), number(figure));
        let unit = target.unit;
        let note = if note.is_empty() {
            String::new()
        } else {
            format!(" ({note})")
        };
        eprintln!("  {}: {figure} {unit}{note}", target.what);
        self.0.push(Row {
            what: target.what.to_owned(),
            guide: target.guide,
            target: format!("{sign} {limit} {unit}"),
            measured: format!("{figure} {unit}{note}"),
            met: Some(met),
        });
    }

    /// Prints it, as Markdown.
    pub fn print(&self) {
        println!("| what | the guide's figure | target | measured | met |");
        println!("|---|---|---|---|---|");
        for row in &self.0 {
            let met = match row.met {
                Some(true) => "yes",
                Some(false) => "no",
                None => "–",
            };
            let Row {
                what,
                guide,
                target,
                measured,
                ..
            } = row;
            println!("| {what} | {guide} | {target} | {measured} | {met} |");
        }
    }
}

/// As many digits as mean something.
fn number(figure: f64) -> String {
    if figure.fract() == 0.0 || figure >= 100.0 {
        let digits = format!("{figure:.0}");
        let grouped: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|three| std::str::from_utf8(three).expect("digits"))
            .collect();
        grouped.join(",")
    } else {
        format!("{figure:.2}")
    }
}

/// In milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// In units of 1024 × 1024 bytes.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
