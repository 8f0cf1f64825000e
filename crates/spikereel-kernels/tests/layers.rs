//! Dense layers, batch normalisation, pooling, pointwise functions and the loss on every instruction set against the definition.

mod common;

use common::{PRECISIONS, assert_close, engines_in, operands, poisoned, values, wide};
use proptest::prelude::*;
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_kernels::naive::Naive;
use spikereel_kernels::{Kernels, Normalised, Pool3d, VideoLoss, Volume};

fn engines() -> Vec<Fast> {
    engines_in(Precision::F32)
}

fn check_linear(n_rows: usize, n_in: usize, n_out: usize) {
    PRECISIONS.into_iter().for_each(|precision| check_linear_in(precision, n_rows, n_in, n_out));
}

fn check_linear_in(precision: Precision, n_rows: usize, n_in: usize, n_out: usize) {
    let (x, dy) = (operands(precision, 1, n_rows * n_in), operands(precision, 2, n_rows * n_out));
    let (weight, bias) = (operands(precision, 3, n_in * n_out), values(4, n_out));
    let (mut y, mut dx, mut dw, mut db) =
        (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; weight.len()], vec![0.0; n_out]);
    Naive.linear_forward(n_rows, &wide(&x), &wide(&weight), &wide(&bias), &mut y);
    Naive.linear_input_gradient(n_rows, &wide(&dy), &wide(&weight), &mut dx);
    Naive.linear_weight_gradient(n_rows, &wide(&x), &wide(&dy), &mut dw, &mut db);
    for engine in engines_in(precision) {
        let (mut y32, mut dx32) = (poisoned(y.len()), poisoned(dx.len()));
        let (mut dw32, mut db32) = (poisoned(dw.len()), poisoned(db.len()));
        engine.linear_forward(n_rows, &x, &weight, &bias, &mut y32);
        engine.linear_input_gradient(n_rows, &dy, &weight, &mut dx32);
        engine.linear_weight_gradient(n_rows, &x, &dy, &mut dw32, &mut db32);
        let what = format!("{} {} linear {n_rows} x {n_in} -> {n_out}", engine.isa().name(), precision.name());
        assert_close(&what, &y32, &y, 2e-6);
        assert_close(&what, &dx32, &dx, 2e-6);
        assert_close(&what, &dw32, &dw, 2e-6);
        assert_close(&what, &db32, &db, 2e-6);
    }
}

#[test]
fn dense_layers_match_the_definition() {
    for (n_rows, n_in, n_out) in [(1, 1, 1), (90, 140, 512), (7, 16, 32), (65, 33, 49), (3, 512, 100)] {
        check_linear(n_rows, n_in, n_out);
    }
    // Sums that are taken in several stretches, along each axis.
    for (n_rows, n_in, n_out) in [(1030, 18, 70), (50, 1030, 35), (13, 66, 1030)] {
        check_linear(n_rows, n_in, n_out);
    }
}

fn check_norm(shape: Normalised, offset: f32, relu: bool, batch_statistics: bool) {
    let x: Vec<f32> = values(1, shape.len()).iter().map(|x| 0.7 * x + offset).collect();
    let (dy, n) = (values(2, shape.len()), shape.channels);
    let gamma: Vec<f32> = values(3, n).iter().map(|g| 1.0 + 0.5 * g).collect();
    let beta = values(4, n);
    let (wide_x, wide_gamma, wide_beta) = (wide(&x), wide(&gamma), wide(&beta));
    let (mut mean, mut variance) = (vec![0.0; n], vec![0.0; n]);
    Naive.batch_statistics(&shape, &wide_x, &mut mean, &mut variance);
    for engine in engines() {
        let (mut mean32, mut variance32) = (poisoned(n), poisoned(n));
        engine.batch_statistics(&shape, &x, &mut mean32, &mut variance32);
        // A mean near 0 is a difference of large numbers: it is held to the size of the values.
        let off = mean32.iter().zip(&mean).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-7 * f64::from(1.0 + offset), "mean of {shape:?} is off by {off}");
        assert_close("variance", &variance32, &variance, 1e-5);
        // From here on both take the same statistics, so that one test looks at one thing.
        let (mean, variance) = (wide(&mean32), wide(&variance32));
        let (mut y, mut dx, mut dgamma, mut dbeta) =
            (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; n], vec![0.0; n]);
        Naive.batch_norm_forward(&shape, &wide_x, &mean, &variance, 1e-5, &wide_gamma, &wide_beta, relu, &mut y);
        Naive.batch_norm_backward(
            &shape,
            &wide_x,
            &mean,
            &variance,
            1e-5,
            &wide_gamma,
            &wide_beta,
            relu,
            batch_statistics,
            &wide(&dy),
            &mut dx,
            &mut dgamma,
            &mut dbeta,
        );
        let (mut y32, mut dx32) = (poisoned(x.len()), poisoned(x.len()));
        let (mut dgamma32, mut dbeta32) = (poisoned(n), poisoned(n));
        engine.batch_norm_forward(&shape, &x, &mean32, &variance32, 1e-5, &gamma, &beta, relu, &mut y32);
        engine.batch_norm_backward(
            &shape,
            &x,
            &mean32,
            &variance32,
            1e-5,
            &gamma,
            &beta,
            relu,
            batch_statistics,
            &dy,
            &mut dx32,
            &mut dgamma32,
            &mut dbeta32,
        );
        let what = format!("{shape:?} relu {relu} batch {batch_statistics}");
        let tolerance = 3e-6 * f64::from(1.0 + offset.abs());
        assert_close(&what, &y32, &y, tolerance);
        assert_close(&what, &dx32, &dx, tolerance);
        assert_close(&what, &dgamma32, &dgamma, 10.0 * tolerance);
        assert_close(&what, &dbeta32, &dbeta, 3e-6);
    }
}

#[test]
fn batch_normalisation_matches_the_definition_over_channels_and_over_bins() {
    for (outer, channels, inner) in [(2000, 32, 1), (300, 3, 1), (4, 45, 512), (8, 1, 1), (3, 7, 5), (70_000, 1, 1)] {
        let shape = Normalised { outer, channels, inner };
        for (relu, batch_statistics) in [(false, true), (true, true), (true, false), (false, false)] {
            check_norm(shape, 0.0, relu, batch_statistics);
        }
        check_norm(shape, 20.0, false, true);
    }
}

#[test]
fn pooling_matches_the_definition_to_the_bit_ties_and_remainders_included() {
    for (size, window) in
        [([6, 4, 4], [3, 2, 2]), ([5, 3, 7], [2, 2, 2]), ([1, 2, 2], [1, 2, 2]), ([45, 8, 8], [5, 2, 2])]
    {
        for channels in [1, 3, 32] {
            let [frames, height, width] = size;
            let shape = Pool3d { input: Volume { batch: 2, frames, height, width, channels }, window };
            // Few different values, so that ties happen.
            let x: Vec<f32> = values(1, shape.input.len()).iter().map(|x| (2.0 * x).round()).collect();
            let n = shape.output().len();
            let dy = values(2, n);
            let (mut y, mut winner, mut dx) = (vec![0.0; n], vec![0; n], vec![0.0; x.len()]);
            Naive.max_pool3d_forward(&shape, &wide(&x), &mut y, &mut winner);
            Naive.max_pool3d_backward(&shape, &wide(&dy), &winner, &mut dx);
            let (mut y32, mut winner32, mut dx32) = (poisoned(n), vec![255; n], poisoned(x.len()));
            let fast = Fast::default();
            fast.max_pool3d_forward(&shape, &x, &mut y32, &mut winner32);
            fast.max_pool3d_backward(&shape, &dy, &winner32, &mut dx32);
            assert_eq!((wide(&y32), winner32, wide(&dx32)), (y, winner, dx), "{shape:?}");
        }
    }
}

#[test]
fn normalisation_and_pooling_as_one_match_the_two_one_after_the_other() {
    for (size, window) in [([6, 4, 4], [3, 2, 2]), ([5, 3, 7], [2, 2, 2]), ([1, 2, 2], [1, 2, 2])] {
        for (channels, relu, batch_statistics) in
            [(1, true, true), (3, false, true), (32, true, true), (5, true, false)]
        {
            let [frames, height, width] = size;
            let shape = Pool3d { input: Volume { batch: 3, frames, height, width, channels }, window };
            let (x, dy) = (values(1, shape.input.len()), values(2, shape.output().len()));
            let gamma: Vec<f32> = values(3, channels).iter().map(|g| 1.0 + 0.5 * g).collect();
            let (beta, fast) = (values(4, channels), Fast::default());
            let (mut mean, mut variance) = (poisoned(channels), poisoned(channels));
            fast.batch_statistics(&Normalised::channels_of(&shape.input), &x, &mut mean, &mut variance);
            let n = dy.len();
            let (mut y, mut winner, mut dx) = (vec![0.0; n], vec![0; n], wide(&x));
            let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
            let (wide_x, at) = (wide(&x), [&mean, &variance, &gamma, &beta].map(|values| wide(values)));
            let [wide_mean, wide_variance, wide_gamma, wide_beta] = &at;
            Naive.batch_norm_pool_forward(
                &shape,
                &wide_x,
                wide_mean,
                wide_variance,
                1e-5,
                wide_gamma,
                wide_beta,
                relu,
                &mut y,
                &mut winner,
            );
            Naive.batch_norm_pool_backward(
                &shape,
                &mut dx,
                wide_mean,
                wide_variance,
                1e-5,
                wide_gamma,
                wide_beta,
                relu,
                batch_statistics,
                &wide(&dy),
                &winner,
                &mut dgamma,
                &mut dbeta,
            );
            let (mut y32, mut winner32, mut dx32) = (poisoned(n), vec![255; n], x.clone());
            let (mut dgamma32, mut dbeta32) = (poisoned(channels), poisoned(channels));
            fast.batch_norm_pool_forward(
                &shape,
                &x,
                &mean,
                &variance,
                1e-5,
                &gamma,
                &beta,
                relu,
                &mut y32,
                &mut winner32,
            );
            fast.batch_norm_pool_backward(
                &shape,
                &mut dx32,
                &mean,
                &variance,
                1e-5,
                &gamma,
                &beta,
                relu,
                batch_statistics,
                &dy,
                &winner32,
                &mut dgamma32,
                &mut dbeta32,
            );
            let what = format!("{shape:?} relu {relu} batch {batch_statistics}");
            assert_eq!(winner32, winner, "{what}");
            assert_close(&what, &y32, &y, 3e-6);
            assert_close(&what, &dx32, &dx, 3e-6);
            assert_close(&what, &dgamma32, &dgamma, 1e-5);
            assert_close(&what, &dbeta32, &dbeta, 3e-6);
        }
    }
}

#[test]
fn pointwise_functions_match_the_definition() {
    type Forward = (&'static str, fn(&Fast, &[f32], &mut [f32]), fn(&[f64], &mut [f64]));
    type Backward = fn(&Fast, &[f32], &[f32], &mut [f32]);
    type WideBackward = fn(&[f64], &[f64], &mut [f64]);
    let functions: [(Forward, Backward, WideBackward); 3] = [
        (
            ("relu", |k, x, y| k.relu_forward(x, y), |x, y| Naive.relu_forward(x, y)),
            |k, y, dy, dx| k.relu_backward(y, dy, dx),
            |y, dy, dx| Naive.relu_backward(y, dy, dx),
        ),
        (
            ("sigmoid", |k, x, y| k.sigmoid_forward(x, y), |x, y| Naive.sigmoid_forward(x, y)),
            |k, y, dy, dx| k.sigmoid_backward(y, dy, dx),
            |y, dy, dx| Naive.sigmoid_backward(y, dy, dx),
        ),
        (
            ("tanh", |k, x, y| k.tanh_unit_forward(x, y), |x, y| Naive.tanh_unit_forward(x, y)),
            |k, y, dy, dx| k.tanh_unit_backward(y, dy, dx),
            |y, dy, dx| Naive.tanh_unit_backward(y, dy, dx),
        ),
    ];
    let mut x: Vec<f32> = values(1, 40_000).iter().map(|x| 12.0 * x).collect();
    x.extend([0.0, -0.0, 90.0, -90.0, 200.0, -200.0]);
    let (dy, fast) = (values(2, x.len()), Fast::default());
    for ((name, forward, wide_forward), backward, wide_backward) in functions {
        let (mut y, mut y32) = (vec![0.0; x.len()], poisoned(x.len()));
        forward(&fast, &x, &mut y32);
        wide_forward(&wide(&x), &mut y);
        let largest = y32.iter().zip(&y).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(largest < 2e-7, "{name}: {largest}");
        let (mut dx, mut dx32) = (vec![0.0; x.len()], poisoned(x.len()));
        backward(&fast, &y32, &dy, &mut dx32);
        wide_backward(&wide(&y32), &wide(&dy), &mut dx);
        assert_close(name, &dx32, &dx, 1e-6);
    }
}

fn check_loss(batch: usize, frames: usize, height: usize, width: usize) {
    let n = batch * frames * height * width * 3;
    let unit = |values: Vec<f32>| values.iter().map(|v| 0.5 + 0.5 * v).collect::<Vec<f32>>();
    let (predicted, target) = (unit(values(1, n)), unit(values(2, n)));
    let weights: Vec<f64> = (0..frames).map(|frame| 1.0 + (frame % 3) as f64).collect();
    let shape = |scale: f64| VideoLoss {
        batch,
        frames,
        height,
        width,
        frame_weights: weights.clone(),
        ssim_scale: scale,
        squared_error_scale: 1.0 / n as f64,
    };
    let wide_shape = shape(1.0 / weights.iter().sum::<f64>());
    let narrow = VideoLoss {
        batch,
        frames,
        height,
        width,
        frame_weights: weights.iter().map(|&w| w as f32).collect(),
        ssim_scale: wide_shape.ssim_scale as f32,
        squared_error_scale: wide_shape.squared_error_scale as f32,
    };
    let (mut gradient, mut gradient32) = (vec![f64::NAN; n], poisoned(n));
    let expected = Naive.video_loss(&wide_shape, &wide(&predicted), &wide(&target), Some(&mut gradient));
    let fast = Fast::default();
    let got = fast.video_loss(&narrow, &predicted, &target, Some(&mut gradient32));
    assert!((got.total() / expected.total() - 1.0).abs() < 1e-6, "{got:?} {expected:?}");
    assert_eq!(fast.video_loss(&narrow, &predicted, &target, None), got, "the loss does not depend on the gradient");
    assert_close("loss gradient", &gradient32, &gradient, 1e-5);
}

#[test]
fn the_loss_and_its_gradient_match_the_definition() {
    check_loss(2, 3, 32, 32);
    check_loss(1, 1, 1, 1);
    check_loss(2, 2, 3, 5);
}

#[test]
fn the_loss_gradient_is_the_difference_quotient_of_the_loss() {
    let (batch, frames, height, width) = (1, 2, 5, 4);
    let n = batch * frames * height * width * 3;
    let mut predicted = wide(&values(1, n));
    let target = wide(&values(2, n));
    let shape = VideoLoss {
        batch,
        frames,
        height,
        width,
        frame_weights: vec![1.0, 2.0],
        ssim_scale: 0.3,
        squared_error_scale: 0.01,
    };
    let mut gradient = vec![0.0; n];
    Naive.video_loss(&shape, &predicted, &target, Some(&mut gradient));
    for at in 0..n {
        let mut at_step = |step: f64| {
            predicted[at] += step;
            let loss = Naive.video_loss(&shape, &predicted, &target, None).total();
            predicted[at] -= step;
            loss
        };
        let quotient = (at_step(1e-6) - at_step(-1e-6)) / 2e-6;
        assert!((quotient - gradient[at]).abs() < 1e-7, "{at}: {quotient} {}", gradient[at]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn dense_layers_of_any_size_match_the_definition(n_rows in 1_usize..80, n_in in 1_usize..40, n_out in 1_usize..70) {
        check_linear(n_rows, n_in, n_out);
    }
}
