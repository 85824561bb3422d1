//! The engine's counts and histograms in the text format that Prometheus reads.

use std::fmt::{Error, Write as _};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};
use signalbox_engine::{HistogramSnapshot, MetricsSnapshot};

/// The text of a snapshot.
pub(crate) fn text(snapshot: &MetricsSnapshot) -> Result<String, Error> {
    let mut registry = Registry::with_prefix("signalbox");
    registry.register_collector(Box::new(Snapshot(snapshot.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Snapshot(MetricsSnapshot);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        for (name, count) in self.0.counts() {
            let counter = ConstCounter::new(count);
            let help = name.replace('_', " ");
            counter.encode(encoder.encode_descriptor(name, &help, None, MetricType::Counter)?)?;
        }
        for (name, help, histogram) in [
            (
                "decision_time",
                "time of one decision: that of its batch divided by its rows",
                &self.0.decision_time,
            ),
            (
                "commit_time",
                "time of one commit of a group",
                &self.0.commit_time,
            ),
            (
                "apply_lag",
                "from a record's acceptance to its commit",
                &self.0.apply_lag,
            ),
            (
                "send_time",
                "from the begin of an attempt to its outcome",
                &self.0.send_time,
            ),
            (
                "marketing_delay",
                "from the release of a marketing message to its acceptance by a mail server",
                &self.0.marketing_delay,
            ),
            (
                "transactional_delay",
                "from the release of a transactional message to its acceptance by a mail server",
                &self.0.transactional_delay,
            ),
        ] {
            encode_histogram(&mut encoder, name, help, histogram)?;
        }
        for (name, help, value) in [
            (
                "sends_in_flight",
                "messages being sent",
                self.0.sends_in_flight,
            ),
            (
                "existing_ahead",
                "contacts that running workflows which take in whoever is there have still to look at",
                self.0.existing_ahead,
            ),
            (
                "store_bytes",
                "bytes of the store on disk",
                self.0.store_bytes,
            ),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        self.encode_queues(&mut encoder)
    }
}

impl Snapshot {
    fn encode_queues(&self, encoder: &mut DescriptorEncoder) -> Result<(), Error> {
        let help = "accepted records that wait to be applied";
        let mut family = encoder.encode_descriptor("queue_depth", help, None, MetricType::Gauge)?;
        for (partition, depth) in self.0.queue_depths.iter().enumerate() {
            let mut label = String::new();
            write!(label, "{partition}")?;
            let gauge = ConstGauge::new(i64::try_from(*depth).unwrap_or(i64::MAX));
            gauge.encode(family.encode_family(&[("partition", label)])?)?;
        }
        Ok(())
    }
}

fn encode_histogram(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    histogram: &HistogramSnapshot,
) -> Result<(), Error> {
    const US_PER_S: f64 = 1e6;
    let bounds = histogram.buckets.iter();
    let mut buckets: Vec<(f64, u64)> = bounds
        .map(|&(bound_us, count)| (bound_us as f64 / US_PER_S, count))
        .collect();
    // What the last bucket holds may have taken longer than its bound.
    if let Some(last) = buckets.last_mut() {
        last.0 = f64::INFINITY;
    }
    let mut family =
        encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    family.encode_histogram::<NoLabelSet>(
        histogram.sum_us as f64 / US_PER_S,
        histogram.count,
        &buckets,
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_reads_as_openmetrics() {
        let histogram = HistogramSnapshot {
            buckets: vec![(1, 0), (2, 3)],
            count: 3,
            sum_us: 5,
        };
        let snapshot = MetricsSnapshot {
            events_applied: 7,
            decision_time: histogram,
            queue_depths: vec![4, 0],
            ..MetricsSnapshot::default()
        };
        let text = text(&snapshot).expect("encodes");
        for line in [
            "signalbox_events_applied_total 7",
            "signalbox_decision_time_seconds_count 3",
            "signalbox_decision_time_seconds_bucket{le=\"+Inf\"} 3",
            "signalbox_queue_depth{partition=\"0\"} 4",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
