import CVectorUnit
import Execution
import Files
import LinearAlgebra

/// Adam and AdamW with PyTorch's defaults (Kingma and Ba 2015,
/// arXiv 1412.6980): moments decay by 0.9 and 0.999, epsilon is 1e-8.
package struct Adam: Codable, Hashable, Sendable {
  private static let firstDecay: Float = 0.9
  private static let secondDecay: Float = 0.999
  private static let epsilon: Float = 1e-8

  private let rule: TrainingOptions.Optimizer
  private let weightDecay: Float
  private var stepCount = 0
  // Corrections of the moments' start from zero: the decays to the power of
  // the step.
  private var firstPower = 1.0
  private var secondPower = 1.0
  @Tensor private var firstMoment: [Float]
  @Tensor private var secondMoment: [Float]
  /// What backward passes add to; zero again after every step.
  @Tensor package var gradient: [Float]

  package init(parameterCount: Int, options: TrainingOptions) {
    rule = options.optimizer
    weightDecay = options.weightDecay
    let zeros = [Float](repeating: 0, count: parameterCount)
    firstMoment = zeros
    secondMoment = zeros
    gradient = zeros
  }

  /// Whether this goes on what the other begins.
  func fits(_ other: Adam) -> Bool {
    rule == other.rule && weightDecay == other.weightDecay
      && firstMoment.count == other.firstMoment.count
      && secondMoment.count == other.secondMoment.count
      && gradient.count == other.gradient.count
  }

  /// Takes one step down the gradient.
  package mutating func step(
    _ parameters: inout [Float], learningRate: Float
  ) {
    stepCount += 1
    firstPower *= Double(Self.firstDecay)
    secondPower *= Double(Self.secondDecay)
    let rule = Rule(
      rate: Float(Double(learningRate) / (1 - firstPower)),
      scale: Float(1 / (1 - secondPower).squareRoot()),
      shrink: rule == .adamW ? 1 - learningRate * weightDecay : 1,
      decay: rule == .adam ? weightDecay : 0)
    Self.update(
      &parameters, &_gradient.wrappedValue, &_firstMoment.wrappedValue,
      &_secondMoment.wrappedValue, rule)
  }

  /// The numbers of one step.
  private struct Rule {
    /// The learning rate over the first correction.
    var rate: Float
    /// One over the root of the second correction.
    var scale: Float
    /// What AdamW leaves of a parameter.
    var shrink: Float
    /// What of a parameter Adam adds to its gradient.
    var decay: Float
  }

  private static func update(
    _ parameters: inout [Float], _ gradient: inout [Float],
    _ first: inout [Float], _ second: inout [Float], _ rule: Rule
  ) {
    let blocks = Parallel.blocks(parameters.count, size: 1 << 16)
    parameters.withUnsafeMutableBufferPointer { parameters in
      gradient.withUnsafeMutableBufferPointer { gradient in
        first.withUnsafeMutableBufferPointer { first in
          second.withUnsafeMutableBufferPointer { second in
            let (p, g, m, v) = (parameters, gradient, first, second)
            Parallel.forEach(blocks.count) { block in
              let rule = rule
              for index in blocks[block] {
                let gradient = g[index] + rule.decay * p[index]
                let mean = firstDecay * m[index] + (1 - firstDecay) * gradient
                let square =
                  secondDecay * v[index] + (1 - secondDecay) * gradient
                  * gradient
                m[index] = mean
                v[index] = square
                g[index] = 0
                p[index] =
                  rule.shrink * p[index]
                  - rule.rate * mean
                  / (vector_unit_square_root(square) * rule.scale + epsilon)
              }
            }
          }
        }
      }
    }
  }
}
