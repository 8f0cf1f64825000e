//! What any decoder could reach at most: the ideal observer where data are simulated, split halves on any data, and scores as a share.

use super::Context;
use super::network_words::excludes_zero;
use super::score_words::{data_words, intervals, row};
use super::words::{ends, short, with_interval};
use crate::Result;
use spikereel_analysis::baselines::{MeanVideo, MultinomialRidge};
use spikereel_analysis::study::ceilings::{ObserverShare, ScoreShare, observer_shares, score_shares};
use spikereel_analysis::study::headline::VIDEO;
use spikereel_analysis::study::reliability::{RegionReliability, Reliability, region_reliability, video_reliability};
use spikereel_analysis::study::{Evaluation, EvaluationOptions, PerSample, ceiling, evaluate};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Decoder, FitDecoder, Fold, Part};
use spikereel_report::schema::{Chart, ChartPanel, DataTable, Section};

/// All that is told.
struct Found {
    observer: Option<Vec<ObserverShare>>,
    shares: Vec<ScoreShare>,
    regions: Vec<RegionReliability>,
    decoded: Vec<Reliability>,
    truth: Vec<Reliability>,
    n_test: usize,
}

/// Puts the main decoder's scores beside their ceilings.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let (main, sizes) = (context.main, context.sizes);
    let options = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let score = |decoder: &dyn Decoder, fold: &Fold| -> Result<Evaluation> {
        Ok(evaluate(decoder, fold, Part::Test, &main.readouts, &options)?.evaluation)
    };
    let (mut own, mut multinomial, mut floor, mut top) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (fold_idx, fold) in main.folds.iter().enumerate() {
        let seed = derive_seed(context.seed, &format!("ceilings/fold{fold_idx}"));
        own.push(score(&context.decoder(fold_idx, 0)?, fold)?);
        multinomial.push(score(MultinomialRidge::default().fit(fold, seed)?.as_ref(), fold)?);
        floor.push(score(MeanVideo.fit(fold, seed)?.as_ref(), fold)?);
        let is_trained = |&trial: &usize| !fold.train_of_condition()[fold.condition_of(trial)].is_empty();
        if fold.trials(Part::Test).iter().all(is_trained) {
            top.push(ceiling(fold, Part::Test, &main.readouts, &options)?.evaluation);
        }
    }
    let observer = main.dataset.truth.as_ref().map(|truth| {
        let decoders = [("network", own.iter().collect()), ("multinomial ridge", multinomial.iter().collect())];
        observer_shares(truth, &decoders)
    });
    let seed = derive_seed(context.seed, "ceilings");
    let [own, floor, top] = [&own, &floor, &top].map(|list| list.iter().collect::<Vec<&Evaluation>>());
    let shares =
        if top.len() == own.len() { score_shares(&own, &floor, &top, sizes.n_bootstrap, seed) } else { Vec::new() };
    // Halves within one fold: trials of another fold were decoded by another network.
    let Some(fold) = main.folds.first() else { return Err(crate::Error::Bug("a material without folds".into())) };
    let trials = fold.trials(Part::Test);
    let decoder = context.decoder(0, 0)?;
    let mut decode = |trials: &[usize]| decoder.predict(fold.spikes(trials).view());
    let found = Found {
        observer,
        shares,
        // Activity is the recording's own, whoever decodes it, so all trials count.
        regions: region_reliability(fold, &(0..main.dataset.n_trials()).collect::<Vec<_>>(), sizes.n_bootstrap, seed),
        decoded: video_reliability(fold, trials, &main.readouts, sizes.n_draws, seed, &mut decode)?,
        truth: video_reliability(fold, trials, &main.readouts, sizes.n_draws, seed, &mut |trials| {
            Ok(fold.videos(trials))
        })?,
        n_test: trials.len(),
    };
    Ok(tell(context, &found))
}

fn tell(context: &Context<'_>, found: &Found) -> Section {
    let mut caveats = vec![
        "Intervals over random halves say how much the choice of halves moves a reliability, not how much another set of trials would."
            .into(),
        "A time course is shared by all conditions in large part, since every one has the same onsets; the reliability of what \
         distinguishes conditions is the stricter one."
            .into(),
        "The mean video of the true condition is what perfect classification shows; a decoder that reads dots of single trials can pass it."
            .into(),
    ];
    if found.decoded.iter().all(|own| own.n_conditions == 0) {
        caveats.push("No condition has two test trials, so videos could not be halved.".into());
    }
    caveats.push(match &found.observer {
        Some(_) => "The ideal observer knows the generator and needs no training trials; from this few no decoder reaches it. Its accuracy is \
                    a Monte Carlo mean, whose error is below that of the decoder's."
            .into(),
        None => "There is no ideal observer for these data: nothing was planted in them, or what was does not describe this part of them.".to_string(),
    });
    let mut charts = Vec::new();
    charts.extend(found.observer.as_deref().filter(|shares| !shares.is_empty()).map(observer_chart));
    if !found.shares.is_empty() {
        charts.push(share_chart(&found.shares));
    }
    charts.extend(halves_chart(found));
    let mut tables = Vec::new();
    tables.extend(found.observer.as_deref().filter(|shares| !shares.is_empty()).map(observer_table));
    tables.push(share_table(&found.shares));
    tables.push(halves_table(found));
    tables.retain(|table| !table.rows.is_empty());
    Section {
        slug: "ceilings".into(),
        title: "Ceilings".into(),
        question: "How near do scores come to what any decoder could reach on these trials?".into(),
        sizes: format!(
            "{}, {} test trials in the first fold; decoder of {} base channels, {} epochs; {} random halves for activity, {} for videos, {} \
             bootstrap replicates",
            data_words(context.main),
            found.n_test,
            context.main.config.network.base_channels,
            context.main.config.train.epochs,
            context.sizes.n_bootstrap,
            context.sizes.n_draws,
            context.sizes.n_bootstrap,
        ),
        findings: findings(found),
        caveats,
        charts,
        tables,
    }
}

fn named(feature: &str) -> &str {
    if feature == VIDEO { "condition" } else { feature }
}

fn findings(found: &Found) -> Vec<String> {
    let mut findings = Vec::new();
    for own in found.observer.iter().flatten() {
        let Some(share) = own.share else {
            findings
                .push(format!("Nothing is to be read of {}: the ideal observer is at chance.", named(&own.feature)));
            continue;
        };
        let above = if own.interval_95[0] > own.chance { "" } else { ", not resolvable from chance at this size" };
        findings.push(format!(
            "The {} names {} in {} of trials, the ideal observer in {}: {} of the way from chance{above}.",
            own.decoder,
            named(&own.feature),
            with_interval(own.accuracy, Some(own.interval_95)),
            short(own.ideal),
            with_interval(share, own.share_interval_95),
        ));
    }
    for own in &found.shares {
        let Some(share) = own.share else { continue };
        let from_zero = own.share_interval_95.is_none_or(|[low, high]| low <= 0.0 && high >= 0.0);
        let doubt = if from_zero { ", not resolvable from the mean video at this size" } else { "" };
        findings.push(format!(
            "{}{} of condition averages: {}, of a ceiling of {} and a floor (mean video) of {}: a share of {}{doubt}.",
            own.kind.name,
            if own.kind.unit.is_empty() { String::new() } else { format!(" ({})", own.kind.unit) },
            short(own.score),
            short(own.ceiling),
            short(own.floor),
            with_interval(share, own.share_interval_95),
        ));
    }
    let most = found.regions.iter().filter_map(|own| Some((own, own.of_conditions.whole?)));
    if let Some((best, whole)) = most.max_by(|a, b| a.1.total_cmp(&b.1)) {
        findings.push(format!(
            "What distinguishes conditions in a region's mean activity is most reliable in {}: {} between halves, stepped up to all trials.",
            best.region,
            with_interval(whole, best.of_conditions.interval_95)
        ));
    }
    findings
}

fn observer_chart(shares: &[ObserverShare]) -> Chart {
    let mut features: Vec<&str> = Vec::new();
    for own in shares {
        if !features.contains(&own.feature.as_str()) {
            features.push(&own.feature);
        }
    }
    let panel = |feature: &&str| -> ChartPanel {
        let of_feature: Vec<&ObserverShare> = shares.iter().filter(|own| own.feature == *feature).collect();
        let rows = of_feature.iter().map(|own| {
            let mut row = row(&own.decoder, Some(own.accuracy), Some(own.interval_95));
            row.filled = own.interval_95[0] > own.chance || own.interval_95[1] < own.chance;
            row.expected = Some(own.ideal);
            row
        });
        intervals(named(feature), "Accuracy on single trials", of_feature.first().map(|own| own.chance), rows.collect())
    };
    Chart {
        slug: "observer".into(),
        title: "Decoders beside the ideal observer".into(),
        reading: "Accuracy with Clopper-Pearson 95 % intervals over test trials; diamonds are the ideal observer, the line is chance; filled \
                  where the interval leaves chance out."
            .into(),
        panels: features.iter().map(panel).collect(),
    }
}

fn share_chart(shares: &[ScoreShare]) -> Chart {
    let rows = shares.iter().map(|own| {
        let mut row = row(&own.kind.name, own.share, own.share_interval_95);
        row.filled = own.share_interval_95.is_some_and(excludes_zero);
        row
    });
    Chart {
        slug: "shares".into(),
        title: "Scores as a share of their ceiling".into(),
        reading: "0 is the mean video, which knows nothing of the trial; 1 is the mean video of the true condition. 95 % intervals over conditions; \
                  filled where they leave 0 out."
            .into(),
        panels: vec![intervals("condition averages", "Share of the ceiling", Some(0.0), rows.collect())],
    }
}

fn halves_chart(found: &Found) -> Option<Chart> {
    let mut activity = Vec::new();
    for own in &found.regions {
        for (group, reliability) in [("time course", &own.time_course), ("between conditions", &own.of_conditions)] {
            let mut row = row(&own.region.0, reliability.whole, reliability.interval_95);
            row.group = group.into();
            row.filled = reliability.interval_95.is_some_and(excludes_zero);
            activity.push(row);
        }
    }
    let mut videos = Vec::new();
    for (at, truth) in found.truth.iter().enumerate().filter(|(_, own)| own.kind.larger_is_better) {
        for (group, reliability) in [("true", Some(truth)), ("decoded", found.decoded.get(at))] {
            let Some(reliability) = reliability else { continue };
            let mut row = row(&reliability.kind.name, reliability.whole, reliability.interval_95);
            row.group = group.into();
            row.filled = reliability.interval_95.is_some_and(excludes_zero);
            videos.push(row);
        }
    }
    let panels = [("mean activity of regions", activity), ("videos of condition averages", videos)];
    let drawn = panels.into_iter().filter(|(_, rows)| rows.iter().any(|row| row.estimate.is_some()));
    let label = "Split-half correlation, stepped up";
    let panels: Vec<ChartPanel> = drawn.map(|(title, rows)| intervals(title, label, Some(0.0), rows)).collect();
    (!panels.is_empty()).then(|| Chart {
        slug: "halves".into(),
        title: "Reliability from random halves of trials".into(),
        reading: "Correlation between averages of two random halves of each condition's trials, stepped up to all of them by Spearman and \
                  Brown's formula, with the range of 95 % of random halves; filled where it leaves 0 out. Activity of all trials; videos of the test trials."
            .into(),
        panels,
    })
}

fn observer_table(shares: &[ObserverShare]) -> DataTable {
    let columns = [
        "decoder",
        "feature",
        "chance",
        "ideal observer",
        "accuracy",
        "low",
        "high",
        "share",
        "share, low",
        "share, high",
    ];
    let rows = shares.iter().map(|own| {
        let ([low, high], [share_low, share_high]) = (ends(Some(own.interval_95)), ends(own.share_interval_95));
        vec![
            own.decoder.as_str().into(),
            named(&own.feature).into(),
            own.chance.into(),
            own.ideal.into(),
            own.accuracy.into(),
            low,
            high,
            own.share.into(),
            share_low,
            share_high,
        ]
    });
    DataTable {
        slug: "observer".into(),
        title: "Accuracy as a share of the ideal observer's".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: rows.collect(),
    }
}

fn share_table(shares: &[ScoreShare]) -> DataTable {
    let columns = ["score", "mean video", "decoder", "true condition's mean video", "share", "low", "high"];
    let rows = shares.iter().map(|own| {
        let [low, high] = ends(own.share_interval_95);
        let name =
            if own.feature == VIDEO { own.kind.name.clone() } else { format!("{} {}", own.feature, own.kind.name) };
        vec![name.into(), own.floor.into(), own.score.into(), own.ceiling.into(), own.share.into(), low, high]
    });
    DataTable {
        slug: "shares".into(),
        title: "Scores between floor and ceiling".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: rows.collect(),
    }
}

fn halves_table(found: &Found) -> DataTable {
    let columns = ["of", "measure", "half against half", "all trials", "low", "high", "conditions"];
    let row = |of: &str, own: &Reliability| {
        let [low, high] = ends(own.interval_95);
        let measure = format!("{} {}", own.name, own.kind.name);
        vec![
            of.into(),
            measure.into(),
            own.half.mean.into(),
            own.whole.into(),
            low,
            high,
            (own.n_conditions as f64).into(),
        ]
    };
    let mut rows = Vec::new();
    for own in &found.regions {
        rows.push(row("activity, time course", &own.time_course));
        rows.push(row("activity, between conditions", &own.of_conditions));
    }
    rows.extend(found.truth.iter().map(|own| row("true videos", own)));
    rows.extend(found.decoded.iter().map(|own| row("decoded videos", own)));
    DataTable { slug: "halves".into(), title: "Split halves".into(), columns: columns.map(Into::into).to_vec(), rows }
}
