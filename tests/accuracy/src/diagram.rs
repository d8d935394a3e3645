//! The reliability diagram as SVG: probability against the share that was right.

use std::fmt::Write as _;

use crate::bins::Reliability;

const SIDE: f64 = 360.0;
const MARGIN: f64 = 50.0;

/// The diagram of these points and of their calibration error. A point on the diagonal is a probability that holds; the size of a
/// point tells how many answers it stands for.
pub fn svg(points: &[Reliability], error: f64) -> String {
    let answers: u32 = points.iter().map(|point| point.answers).sum();
    let whole = SIDE + 2.0 * MARGIN;
    let at = |share: f64| MARGIN + share * SIDE;
    let up = |share: f64| MARGIN + (1.0 - share) * SIDE;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{whole}\" height=\"{whole}\" fill=\"white\"/>\n\
         <rect x=\"{MARGIN}\" y=\"{MARGIN}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" \
         stroke=\"black\"/>\n\
         <line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"gray\" stroke-dasharray=\"4\"/>\n",
        at(0.0),
        up(0.0),
        at(1.0),
        up(1.0)
    );
    for tick in [0.0, 0.5, 1.0] {
        let (across, height) = (at(tick), up(tick) + 4.0);
        let (below, left) = (MARGIN + SIDE + 16.0, MARGIN - 6.0);
        let _ = writeln!(
            text,
            "<text x=\"{across}\" y=\"{below}\" text-anchor=\"middle\">{tick}</text>\
             <text x=\"{left}\" y=\"{height}\" text-anchor=\"end\">{tick}</text>"
        );
    }
    for point in points {
        let share = f64::from(point.answers) / f64::from(answers.max(1));
        let _ = writeln!(
            text,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"steelblue\" fill-opacity=\"0.7\">\
             <title>{} answers, mean probability {:.3}, right {:.3}</title></circle>",
            at(point.probability),
            up(point.right),
            3.0 + 14.0 * share.sqrt(),
            point.answers,
            point.probability,
            point.right,
        );
    }
    let (middle, foot) = (whole / 2.0, whole - 10.0);
    let _ = writeln!(
        text,
        "<text x=\"{middle}\" y=\"{foot}\" text-anchor=\"middle\">probability</text>\n\
         <text x=\"14\" y=\"{middle}\" text-anchor=\"middle\" \
         transform=\"rotate(-90 14 {middle})\">share that is right</text>\n\
         <text x=\"{middle}\" y=\"30\" text-anchor=\"middle\">{answers} answers, expected calibration \
         error {error:.4}</text>\n</svg>"
    );
    text
}
