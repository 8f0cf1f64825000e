//! One training by several processes, here threads: each step is the mean over shares, all end with the same bits, and one alone
//! changes nothing.

mod common;

use common::small_fold;
use spikereel_data::Fold;
use spikereel_kernels::Kernels;
use spikereel_kernels::fast::Fast;
use spikereel_kernels::naive::Naive;
use spikereel_nn::loss::{frame_weights, video_loss};
use spikereel_nn::{
    Checkpoint, Engine, Error, Exchange, Mode, Optimiser, Progress, Ranks, Real, Result, TrainConfig, Trainer, Wants,
    Weights,
};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A rank whose messages go through channels.
struct Channels {
    rank: usize,
    /// Losses told to the others until one is told as NaN.
    n_sound_losses: Option<usize>,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Channels {
    /// All ranks of a group.
    fn group(n_ranks: usize) -> Vec<Self> {
        let mut ends: Vec<Vec<_>> = (0..n_ranks).map(|_| (0..n_ranks).map(|_| Some(channel())).collect()).collect();
        let mut senders: Vec<Vec<_>> = (0..n_ranks).map(|_| Vec::new()).collect();
        let mut receivers: Vec<Vec<_>> = (0..n_ranks).map(|_| Vec::new()).collect();
        for from in 0..n_ranks {
            for to in 0..n_ranks {
                let (sender, receiver) = ends[from][to].take().unwrap();
                senders[from].push(sender);
                receivers[to].push(receiver);
            }
        }
        let both = senders.into_iter().zip(receivers).enumerate();
        both.map(|(rank, (to, from))| Self { rank, n_sound_losses: None, to, from }).collect()
    }

    fn pass(&self, parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        self.to.iter().zip(parts).for_each(|(to, part)| to.send(part).unwrap());
        self.from.iter().flat_map(|from| from.recv().unwrap()).collect()
    }
}

impl Exchange for Channels {
    fn rank(&self) -> usize {
        self.rank
    }
    fn n_ranks(&self) -> usize {
        self.to.len()
    }
    fn all_to_all(&mut self, parts: Vec<u8>) -> Result<Vec<u8>> {
        Ok(self.pass(parts.chunks(parts.len() / self.n_ranks()).map(<[u8]>::to_vec)))
    }
    fn all_gather(&mut self, mut own: Vec<u8>) -> Result<Vec<u8>> {
        // Between gradients, one f64 alone is the loss of a share.
        if own.len() == size_of::<f64>()
            && let Some(n_left) = self.n_sound_losses
        {
            self.n_sound_losses = n_left.checked_sub(1);
            if n_left == 0 {
                own = f64::NAN.to_le_bytes().to_vec();
            }
        }
        Ok(self.pass(std::iter::repeat_n(own, self.n_ranks())))
    }
    fn broadcast(&mut self, own: Vec<u8>) -> Result<Vec<u8>> {
        let own = if self.rank == 0 { own } else { vec![] };
        Ok(self.pass(std::iter::repeat_n(own, self.n_ranks())))
    }
}

/// What every rank of a group comes to, by rank.
fn together<T: Send>(n_ranks: usize, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
    together_as(Channels::group(n_ranks), work)
}

/// The same for ranks that are given. Each has worker threads of its own, as a process has: in a shared pool one rank that waits for another
/// would keep the thread that the other needs.
fn together_as<T: Send>(group: Vec<Channels>, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = group
            .into_iter()
            .map(|own| {
                let work = &work;
                scope.spawn(move || {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
                    pool.install(|| work(Ranks::new(own)))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn config() -> TrainConfig {
    TrainConfig { epochs: 3, batch_size: 8, base_channels: 1, hold_dead_biases: false, ..TrainConfig::default() }
}

#[derive(Default)]
struct Batches(Vec<Vec<usize>>);

impl Progress for Batches {
    fn on_batch(&mut self, _epoch: usize, _step: usize, trials: &[usize]) {
        self.0.push(trials.to_vec());
    }
}

fn mean_of<R: Real>(shares: &[(f64, Vec<R>)]) -> Vec<R> {
    let n = shares[0].1.len();
    (0..n).map(|at| R::from_f64(shares.iter().map(|(share, values)| share * values[at].to_f64()).sum())).collect()
}

/// The definition: the shares of each batch one after another in one engine, gradients and buffers averaged by their sizes.
fn by_hand<K: Kernels<Real: Real> + Clone>(
    trainer: &Trainer<K>,
    kernels: K,
    fold: &Fold,
    batches: &[Vec<usize>],
    shares_of: impl Fn(usize) -> Vec<Range<usize>>,
) -> Weights<K::Real> {
    let (config, network) = (config(), trainer.network().clone());
    let mut weights = trainer.weights().clone();
    let mut optimiser = Optimiser::new(config.optimiser, network.n_params());
    let of_frames = frame_weights(&fold.dataset().timeline, config.phase_weights);
    let mut engine = Engine::new(network.clone(), kernels, Wants::TRAINING, &[]);
    for batch in batches {
        let (mut gradients, mut buffers) = (Vec::new(), Vec::new());
        for share in shares_of(batch.len()).into_iter().filter(|share| !share.is_empty()) {
            let trials = &batch[share];
            let (mut spikes, mut videos) = (Vec::new(), Vec::new());
            for &trial_idx in trials {
                let (mut own, mut video) = (vec![0.0; network.input().len()], vec![0.0; network.output().len()]);
                fold.fill_spikes(trial_idx, &mut own);
                fold.fill_video(trial_idx, &mut video);
                spikes.extend(own.into_iter().map(K::Real::from_f32));
                videos.extend(video.into_iter().map(K::Real::from_f32));
            }
            let loss = video_loss(config.loss_scale, &of_frames, trials.len(), network.output());
            engine.forward(&weights, Mode::Train, trials.len(), &spikes).unwrap();
            engine.loss(&loss, &videos, true);
            engine.backward(&weights);
            let mut after = weights.clone();
            engine.update_running(&mut after);
            let weight = trials.len() as f64 / batch.len() as f64;
            gradients.push((weight, engine.gradients().to_vec()));
            buffers.push((weight, after.buffered));
        }
        weights.buffered = mean_of(&buffers);
        weights.n_batches.iter_mut().for_each(|n| *n += 1);
        optimiser.step(config.learning_rate, &mut weights.trained, &mean_of(&gradients));
    }
    weights
}

#[test]
fn a_step_is_the_mean_over_shares_also_where_a_rank_has_none() {
    // 25 training trials in batches of 8: the last holds one, so that of two or three ranks some have nothing.
    let fold = small_fold(1, 50, 2, 2);
    for (n_ranks, shares) in [(2, [0..4, 4..8, 8..8]), (3, [0..3, 3..6, 6..8])] {
        let shares_of = |n: usize| match n {
            8 => shares.to_vec(),
            1 => vec![0..1, 1..1, 1..1],
            other => panic!("a batch of {other}"),
        };
        let trainer = || Trainer::new(TrainConfig { epochs: 1, ..config() }, &fold, 5, Naive).unwrap();
        let ended = together(n_ranks, |ranks| {
            let (mut trainer, mut batches) = (trainer(), Batches::default());
            trainer.share(ranks);
            trainer.run(&mut batches).unwrap();
            (trainer.weights().clone(), batches.0)
        });
        let batches = &ended[0].1;
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 8, 1]);
        let expected = by_hand(&trainer(), Naive, &fold, batches, shares_of);
        for (weights, _) in &ended {
            assert_eq!(weights.n_batches, expected.n_batches);
            let pairs = weights.trained.iter().zip(&expected.trained);
            let worst = pairs.chain(weights.buffered.iter().zip(&expected.buffered));
            let worst = worst.map(|(got, expected)| (got - expected).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-9, "{n_ranks} ranks: {worst}");
        }
    }
}

fn trained(ranks: Option<Ranks>, fold: &Fold) -> Checkpoint {
    let mut trainer = Trainer::new(config(), fold, 5, Fast::default()).unwrap();
    if let Some(ranks) = ranks {
        trainer.share(ranks);
    }
    trainer.run(&mut Batches::default()).unwrap();
    trainer.checkpoint()
}

#[test]
fn all_ranks_end_with_the_same_bits_every_time_and_one_alone_with_those_of_no_ranks() {
    let fold = small_fold(2, 26, 2, 2);
    let alone = trained(None, &fold);
    assert!(alone.history.iter().all(|epoch| epoch.validation_loss.is_some()), "validation takes part");
    assert!(together(1, |ranks| trained(Some(ranks), &fold))[0] == alone);
    for n_ranks in [2, 3] {
        let (first, again) = (
            together(n_ranks, |ranks| trained(Some(ranks), &fold)),
            together(n_ranks, |ranks| trained(Some(ranks), &fold)),
        );
        assert!(first.iter().chain(&again).all(|own| *own == first[0]), "{n_ranks} ranks");
        assert!(first[0].weights != alone.weights, "shares have statistics of their own");
    }
}

/// Stops after so many steps.
struct Until(usize);

impl Progress for Until {
    fn on_step(&mut self, _: &spikereel_nn::StepReport) -> Result<()> {
        self.0 -= 1;
        let stop = || spikereel_data::DataError::new("steps", "no more", "enough");
        if self.0 == 0 { Err(stop().into()) } else { Ok(()) }
    }
}

#[test]
fn two_ranks_go_on_from_one_checkpoint_with_the_same_bits() {
    let fold = small_fold(2, 26, 2, 2);
    let whole = together(2, |ranks| trained(Some(ranks), &fold)).remove(0);
    let stopped = together(2, |ranks| {
        let mut trainer = Trainer::new(config(), &fold, 5, Fast::default()).unwrap();
        trainer.share(ranks);
        trainer.run(&mut Until(6)).unwrap_err();
        trainer.checkpoint().to_bytes().unwrap()
    });
    assert!(stopped[0] == stopped[1]);
    let ended = together(2, |ranks| {
        let mut trainer =
            Trainer::resume(Checkpoint::from_bytes(&stopped[0]).unwrap(), &fold, Fast::default()).unwrap();
        trainer.share(ranks);
        trainer.run(&mut Batches::default()).unwrap();
        trainer.checkpoint()
    });
    assert!(ended.iter().all(|own| *own == whole));
}

#[test]
fn where_the_loss_of_one_share_is_no_number_all_ranks_stop_before_the_step() {
    let fold = small_fold(2, 26, 2, 2);
    let mut group = Channels::group(2);
    // The losses of two steps are sound; the third is not, on one rank alone.
    group[1].n_sound_losses = Some(2);
    let ended = together_as(group, |ranks| {
        let mut trainer = Trainer::new(config(), &fold, 5, Fast::default()).unwrap();
        trainer.share(ranks);
        let error = trainer.run(&mut Batches::default()).unwrap_err();
        let Error::Diverged { epoch, step, loss, .. } = error else { panic!("{error}") };
        assert!(loss.is_nan());
        (epoch, step, trainer.checkpoint())
    });
    assert_eq!((ended[0].0, ended[0].1, ended[0].2.position.step), (0, 2, 2));
    assert!(ended[0] == ended[1]);
}
