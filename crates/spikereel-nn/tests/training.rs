//! Training: it learns, it repeats, it goes on where it stopped, it stops where it must.

mod common;

use common::small_fold;
use ndarray::Array5;
use spikereel_data::{Decoder, Encoder, FitDecoder, Fold, Part, TrialDraw, WithInputGradient, WithLatents};
use spikereel_kernels::fast::Fast;
use spikereel_nn::network::decoder;
use spikereel_nn::train::shape_for;
use spikereel_nn::{
    Checkpoint, DecoderShape, Error, FitNetwork, FitNetworkEncoder, Model, NetworkDecoder, OptimiserConfig, Progress,
    Redraw, Rule, Schedule, Start, StepReport, Task, TrainConfig, Trainer, Weights,
};

fn config() -> TrainConfig {
    TrainConfig { epochs: 4, batch_size: 5, base_channels: 2, ..TrainConfig::default() }
}

fn trainer(config: TrainConfig, fold: &Fold) -> Trainer<Fast> {
    Trainer::new(config, fold, 7, Fast::default()).unwrap()
}

#[test]
fn a_network_learns_sixteen_samples_by_heart_and_decodes_them_in_evaluation_mode() {
    let fold = small_fold(4, 8, 3, 3);
    let train = fold.trials(Part::Train);
    assert_eq!(train.len(), 16);
    let schedule = Schedule::Cosine { floor: 0.1 };
    // Adam at .003 learns the four by heart in 100 steps; Adamax at .01 needs 400 (PyTorch's network needs the same).
    let optimiser = OptimiserConfig { rule: Rule::Adam, ..OptimiserConfig::default() };
    let learns =
        TrainConfig { optimiser, learning_rate: 0.003, epochs: 200, batch_size: 16, base_channels: 8, ..config() };
    let mut trainer = trainer(TrainConfig { schedule, ..learns }, &fold);
    trainer.run(&mut ()).unwrap();
    let history = trainer.history();
    let (first, last) = (history[0].train_loss, history[history.len() - 1].train_loss);
    println!("{first:.3} -> {last:.4}");
    assert!(last < 0.15 * first, "{first} -> {last}");
    // Each decoded video lies nearest to its own condition's, with running statistics as well as with the batch's.
    let decoder = NetworkDecoder::new(*trainer.shape(), trainer.weights().clone()).unwrap();
    let videos = decoder.predict(fold.spikes(train).view()).unwrap();
    let targets = fold.videos(&train[..4]);
    for (trial, video) in videos.outer_iter().enumerate() {
        let errors: Vec<f32> =
            targets.outer_iter().map(|target| (&video - &target).mapv(|d| d * d).mean().unwrap()).collect();
        let nearest = (0..4).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap();
        assert!(nearest == trial % 4, "trial {trial}: {errors:?}");
    }
}

#[test]
fn one_and_two_threads_give_the_same_weights() {
    let fold = small_fold(4, 8, 4, 6);
    let redraw = Some(Redraw { draw: TrialDraw::PerSite, share: 0.5 });
    let config = TrainConfig { epochs: 2, redraw, input_noise_sd: 0.3, base_channels: 4, ..config() };
    let weights = [1, 2].map(|n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let mut trainer = trainer(config.clone(), &fold);
            trainer.run(&mut ()).unwrap();
            (trainer.weights().clone(), trainer.history().to_vec())
        })
    });
    assert_eq!(weights[0], weights[1]);
}

#[test]
fn a_resumed_run_ends_with_the_same_bits_as_one_that_never_stopped() {
    let fold = small_fold(4, 6, 4, 4);
    let redraw = Some(Redraw { draw: TrialDraw::PerRegion, share: 1.0 });
    let mut whole = trainer(TrainConfig { redraw, ..config() }, &fold);
    let mut stopped = trainer(TrainConfig { redraw, ..config() }, &fold);
    whole.run(&mut ()).unwrap();
    stopped.run_epoch(&mut ()).unwrap();
    stopped.run_epoch(&mut ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.ckpt");
    stopped.checkpoint().save(&path).unwrap();
    let mut resumed = Trainer::resume(Checkpoint::load(&path).unwrap(), &fold, Fast::default()).unwrap();
    resumed.run(&mut ()).unwrap();
    assert_eq!(resumed.checkpoint().to_bytes().unwrap(), whole.checkpoint().to_bytes().unwrap());
}

#[test]
fn a_checkpoint_of_another_dataset_is_refused() {
    let checkpoint = trainer(config(), &small_fold(2, 4, 4, 4)).checkpoint();
    let error = Trainer::resume(checkpoint, &small_fold(2, 4, 5, 4), Fast::default()).err().unwrap().to_string();
    assert!(error.contains("n_bins: 4") && error.contains("n_bins: 5"), "{error}");
}

#[test]
fn divergence_stops_before_the_step_and_says_where() {
    let fold = small_fold(2, 8, 3, 3);
    let mut trainer = trainer(TrainConfig { learning_rate: 1e30, ..config() }, &fold);
    let error = trainer.run(&mut ()).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(trainer.weights().trained.iter().all(|value| value.is_finite()), "weights are those before the step");
}

#[test]
fn patience_ends_training_and_the_best_epoch_is_kept() {
    let fold = small_fold(4, 8, 3, 3);
    // Targets do not depend on spikes that are all noise: validation stops improving soon.
    let mut trainer =
        trainer(TrainConfig { epochs: 60, patience_epochs: Some(3), input_noise_sd: 30.0, ..config() }, &fold);
    trainer.run(&mut ()).unwrap();
    let losses: Vec<f64> = trainer.history().iter().filter_map(|record| record.validation_loss).collect();
    let best = trainer.best().unwrap();
    assert!(losses.len() < 60 && losses.len() == best.epoch + 4, "{losses:?}");
    assert!(losses.iter().all(|&loss| loss >= best.validation_loss));
    assert_eq!(trainer.chosen_weights(), &best.weights);
}

#[test]
fn progress_is_told_of_every_step_and_epoch() {
    #[derive(Default)]
    struct Watch(Vec<(usize, usize, usize)>, usize);
    impl Progress for Watch {
        fn on_step(&mut self, report: &StepReport) -> spikereel_nn::Result<()> {
            assert!(report.samples_per_sec > 0.0 && report.loss > 0.0);
            self.0.push((report.epoch, report.step, report.n_steps));
            Ok(())
        }
        fn on_epoch(&mut self, _: &spikereel_nn::EpochRecord) -> spikereel_nn::Result<()> {
            self.1 += 1;
            Ok(())
        }
    }
    let mut watch = Watch::default();
    // 12 training trials in batches of 5: the last batch is small.
    trainer(TrainConfig { epochs: 2, ..config() }, &small_fold(4, 6, 3, 3)).run(&mut watch).unwrap();
    assert_eq!(watch.0, [(0, 0, 3), (0, 1, 3), (0, 2, 3), (1, 0, 3), (1, 1, 3), (1, 2, 3)]);
    assert_eq!(watch.1, 2);
}

#[test]
fn a_fitted_decoder_predicts_videos_in_range_and_refuses_other_axes() {
    let fold = small_fold(4, 6, 5, 7);
    let fitted =
        FitNetwork { config: TrainConfig { epochs: 1, ..config() }, ..FitNetwork::default() }.fit(&fold, 1).unwrap();
    let spikes = fold.spikes(fold.trials(Part::Test));
    let video = fitted.predict(spikes.view()).unwrap();
    assert_eq!(video.shape(), [6, 7, 16, 16, 3]);
    assert!(video.iter().all(|value| (0.0..=1.0).contains(value)));
    let error = fitted.predict(spikes.slice(ndarray::s![.., .., ..5])).unwrap_err().to_string();
    assert!(error.contains("site axis: expected 6, got 5"), "{error}");
    assert_eq!(fitted.predict(spikes.slice(ndarray::s![..0, .., ..])).unwrap().shape(), [0, 7, 16, 16, 3]);
}

#[test]
fn latents_are_the_bottleneck_and_more_trials_than_a_chunk_come_out_one_by_one() {
    let fold = small_fold(4, 12, 5, 7);
    let shape = shape_for(&fold, 2);
    let decoder = NetworkDecoder::new(shape, Weights::init(&decoder(&shape).unwrap(), 3)).unwrap();
    let spikes = fold.spikes(fold.trials(Part::Train));
    let latents = decoder.latents(spikes.view()).unwrap();
    assert_eq!(latents.dim(), (24, 8)); // 4 h channels of 1 x 1 x 1 at 16 x 16 pixels
    let one = decoder.latents(spikes.slice(ndarray::s![19..20, .., ..])).unwrap();
    let worst = latents.row(19).iter().zip(one.row(0)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-6, "{worst}");
    let paper = DecoderShape::paper(6);
    assert_eq!(4 * paper.base_channels * (paper.height / 16) * (paper.width / 16), 512);
}

#[test]
fn the_input_gradient_is_that_of_the_weighted_output() {
    let fold = small_fold(2, 6, 4, 4);
    // Trained a little: at its start a network's running statistics are far off, and its output hardly moves with the input.
    let (decoder, _) = FitNetwork { config: config(), ..FitNetwork::default() }.fit_network(&fold, 3, &mut ()).unwrap();
    let spikes = fold.spikes(&[0]);
    let weight =
        Array5::from_shape_fn((1, 4, 16, 16, 3), |(_, f, r, c, rgb)| ((f + 2 * r + 3 * c + rgb) % 5) as f32 - 2.0);
    let gradient = decoder.input_gradient(spikes.view(), weight.view()).unwrap();
    let value = |spikes: &ndarray::Array3<f32>| -> f64 {
        let video = decoder.predict(spikes.view()).unwrap();
        video.iter().zip(&weight).map(|(&v, &w)| f64::from(v) * f64::from(w)).sum()
    };
    // The output is a sum of 3,072 values in f32: a smaller step drowns in their rounding.
    let (step, direction) = (6e-2_f32, gradient.mapv(|g| g / gradient.iter().map(|g| g * g).sum::<f32>().sqrt()));
    let along: f64 = gradient.iter().zip(&direction).map(|(&g, &d)| f64::from(g) * f64::from(d)).sum();
    let difference = value(&(&spikes + &(&direction * step))) - value(&(&spikes - &(&direction * step)));
    let numeric = difference / (2.0 * f64::from(step));
    assert!((along / numeric - 1.0).abs() < 0.02, "{along} {numeric}");
}

#[test]
fn every_model_trains_and_those_without_a_bottleneck_refuse_latents_by_name() {
    let fold = small_fold(4, 8, 3, 3);
    let spikes = fold.spikes(fold.trials(Part::Test));
    for model in Model::ALL {
        let config = TrainConfig { model, epochs: 6, learning_rate: 0.003, start: Start::Fitted, ..config() };
        let (decoder, history) = FitNetwork { config, ..FitNetwork::default() }.fit_network(&fold, 3, &mut ()).unwrap();
        let (first, last) = (history[0].train_loss, history[5].train_loss);
        println!("{}: {first:.3} -> {last:.3}", decoder.name());
        assert!(last < first, "{model:?}: {first} -> {last}");
        assert_eq!(decoder.predict(spikes.view()).unwrap().shape(), [8, 3, 16, 16, 3]);
        match model {
            // 4 h channels of 1 x 1, one time step or all three frames.
            Model::Decoder => assert_eq!(decoder.latents(spikes.view()).unwrap().dim(), (8, 8)),
            Model::DecoderTemporal => assert_eq!(decoder.latents(spikes.view()).unwrap().dim(), (8, 24)),
            Model::Mlp | Model::ShallowCnn => {
                let error = decoder.latents(spikes.view()).unwrap_err().to_string();
                assert!(error.contains("one with a bottleneck") && error.contains(model.name()), "{error}");
            }
        }
    }
}

#[test]
fn an_encoder_learns_what_the_videos_say_of_the_spikes() {
    let fold = small_fold(4, 16, 3, 4);
    let optimiser = OptimiserConfig { rule: Rule::Adam, ..OptimiserConfig::default() };
    let config = TrainConfig { optimiser, learning_rate: 0.003, epochs: 60, batch_size: 8, ..config() };
    let fit = FitNetworkEncoder { config, ..FitNetworkEncoder::default() };
    let (encoder, history) = fit.fit_network(&fold, 3, &mut ()).unwrap();
    let test = fold.trials(Part::Test);
    let (predicted, recorded) = (encoder.predict(fold.videos(test).view()).unwrap(), fold.spikes(test));
    assert_eq!(predicted.shape(), recorded.shape());
    let error = (&predicted - &recorded).mapv(|d| d * d).mean().unwrap();
    let spread = recorded.mapv(|v| v * v).mean().unwrap();
    println!("{:.3} -> {:.3}, test {error:.3} of {spread:.3}", history[0].train_loss, history[59].train_loss);
    assert!(error < 0.4 * spread, "{error} of {spread}");
    let error = encoder.predict(fold.videos(test).slice(ndarray::s![.., ..3, .., .., ..])).unwrap_err().to_string();
    assert!(error.contains("frame axis: expected 4, got 3"), "{error}");
}

#[test]
fn an_encoder_repeats_at_any_number_of_threads_and_goes_on_where_it_stopped() {
    let fold = small_fold(4, 6, 4, 4);
    let start = || Trainer::for_task(Task::Encode, config(), &fold, 7, Fast::default()).unwrap();
    let [one, two] = [1, 2].map(|n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let mut trainer = start();
            trainer.run(&mut ()).unwrap();
            trainer.checkpoint().to_bytes().unwrap()
        })
    });
    assert!(one == two, "one thread and two differ");
    let mut stopped = start();
    stopped.run_epoch(&mut ()).unwrap();
    let checkpoint = Checkpoint::from_bytes(&stopped.checkpoint().to_bytes().unwrap()).unwrap();
    let mut resumed = Trainer::resume(checkpoint, &fold, Fast::default()).unwrap();
    resumed.run(&mut ()).unwrap();
    assert!(resumed.checkpoint().to_bytes().unwrap() == one, "a resumed run differs");
}
