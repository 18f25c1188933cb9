//! Figures that more than one measurement tells.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::usage::Reading;

/// Longest latency that is told apart from longer ones, µs.
const LATENCY_US_MAX: u64 = 120_000_000;

/// An empty histogram of µs.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are in range")
}

/// Percentiles in milliseconds; `None` where nothing was measured.
#[derive(Debug, Default, Serialize)]
pub struct Latency {
    /// Half are faster.
    pub p50: Option<f64>,
    /// 95 % are faster.
    pub p95: Option<f64>,
    /// 99 % are faster.
    pub p99: Option<f64>,
    /// 99.9 % are faster.
    pub p999: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
}

impl From<&Histogram<u64>> for Latency {
    fn from(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let ms = |micros: u64| Some(micros as f64 / 1_000.0);
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(histogram.max()),
        }
    }
}

/// The load generator: when it is the limit, the figures are its own and not the service's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// Its threads.
    pub threads: u32,
    /// Share of one core.
    pub cpu_percent: Option<f64>,
    /// How far it was behind its schedule at worst (open loop).
    pub behind_ms_max: f64,
    /// Share of all cores that anything used.
    pub machine_percent: Option<f64>,
}

impl Generator {
    /// What it did between two readings.
    pub fn between(before: &Reading, after: &Reading, threads: u32, behind_us_max: u64) -> Self {
        let percent = |part: f64, whole: f64| rounded(part / whole * 100.0);
        let own = before.own.zip(after.own).map(|(before, after)| (after - before).total());
        let machine = before.machine.zip(after.machine);
        Self {
            threads,
            cpu_percent: own.map(|seconds| percent(seconds, after.seconds_since(before))),
            behind_ms_max: behind_us_max as f64 / 1_000.0,
            machine_percent: machine
                .map(|(before, after)| percent(after.0 - before.0, after.1 - before.1)),
        }
    }

    /// Its threads have next to no time left.
    pub fn is_limit(&self) -> bool {
        self.cpu_percent.is_some_and(|percent| percent > 90.0 * f64::from(self.threads))
    }
}

/// To a thousandth: what is beyond is noise.
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
