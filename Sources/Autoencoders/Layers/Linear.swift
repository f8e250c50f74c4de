import Execution

/// A fully connected layer: y = x · W + b.
///
/// Input [features] of `input` (an image is taken as one row of numbers),
/// output the numbers of `output`. Parameters: weights
/// [input feature, output feature], then a bias for every output feature.
package struct Linear: Hashable, Sendable {
  package let input: ImageShape
  package let output: ImageShape
  package let hasBias: Bool

  var weightCount: Int { input.count * output.count }
  var biasCount: Int { hasBias ? output.count : 0 }
  var parameterCount: Int { weightCount + biasCount }
}
