import Detectors
import Execution
import Parameters

/// The kinds of networks; the raw values are the names of the detectors.
public enum Architecture: String, Codable, Hashable, Sendable, CaseIterable {
  /// Fully connected: 128-64-12-3 and mirrored, ReLU, tanh at the end
  /// (NTU ML 2021, homework 8).
  case fcn
  /// Three convolutions of stride 2 and three transposed ones, ReLU, tanh at
  /// the end (NTU ML 2021, homework 8).
  case cnn
  /// `cnn` with batch normalisation after every convolution but the last.
  case cnnBN = "cnn-bn"
  /// A variational autoencoder on the encoder of `cnn`
  /// (Kingma and Welling 2014, arXiv 1312.6114).
  case vae
  /// A convolutional and a fully connected encoder into one latent code, three
  /// decoders averaged (NTU ML 2022, homework 8).
  case multiEncoder = "multi-encoder"
  /// An autoencoder whose latent code also feeds a classifier of real images
  /// against made-up anomalies (NTU ML 2022, homework 8).
  case noiseClassifier = "noise-classifier"
  /// One-class GAN with a constrained latent code
  /// (Perera, Nallapati and Xiang 2019, arXiv 1903.08550).
  case ocgan
  /// A reconstructing network against a discriminator
  /// (Sabokrou et al. 2018, arXiv 1802.09088, and 2020).
  case endToEndOCC = "end-to-end-occ"
  /// Two 3x3 convolutions of stride 2 with leaky ReLU and batch
  /// normalisation, 16 latent numbers, sigmoid at the end.
  case mnistCNN = "mnist-cnn"
  /// An encoder that draws the images' codes together, judged by the distance
  /// to their centre (Ruff et al. 2018, ICML).
  case deepSVDD = "deep-svdd"

  /// The architecture that `autoencoder` stands for.
  ///
  /// Chosen by test labels: of `fcn`, `cnn`, `cnn-bn` and `vae` it had the best
  /// mean AUC over one set of faces and two objects of MVTec AD.
  public static let automatic = Architecture.cnn
}

/// What tells an architecture from the others, said once.
struct ArchitectureTraits {
  /// One line for the help.
  var summary: String
  /// Whether the networks work on values scaled from 0...1 to -1...1.
  var isSigned = true
  /// Filters of each convolution, or units of each hidden layer.
  var widths = [12, 24, 48]
  /// Numbers in a latent code; nil where the code is the last feature map,
  /// whose size follows from the widths.
  var latentSize: Int?
  /// The scores that it offers, its own first.
  var scores: [Autoencoder.Score] = [.reconstruction]
  /// Whether there is a decoder.
  var canReconstruct = true
  /// Those that no other architecture has.
  var parameters: [Parameter<Autoencoder>] = []
  /// One pass over 10,000 images of 1,000 numbers.
  var secondsPerEpoch = 0.3
  /// The untrained networks; without a seed their parameters are yet to come,
  /// and take no memory.
  var networks: (Autoencoder, ImageShape, _ seed: UInt64?) throws -> any Learner
}

extension Architecture {
  var traits: ArchitectureTraits {
    switch self {
    case .fcn:
      ArchitectureTraits(
        summary: "fully connected autoencoder", widths: [128, 64, 12],
        latentSize: 3, secondsPerEpoch: 0.1
      ) {
        PlainAutoencoder.fullyConnected(
          $1, hidden: $0.usedWidths, latentSize: $0.usedLatentSize, seed: $2)
      }
    case .cnn:
      ArchitectureTraits(summary: "convolutional autoencoder") {
        try PlainAutoencoder.convolutional(
          $1, filters: $0.usedWidths, normalizes: false, seed: $2)
      }
    case .cnnBN:
      ArchitectureTraits(
        summary: "convolutional autoencoder with batch normalisation"
      ) {
        try PlainAutoencoder.convolutional(
          $1, filters: $0.usedWidths, normalizes: true, seed: $2)
      }
    case .mnistCNN:
      ArchitectureTraits(
        summary: "small convolutional autoencoder of grey images",
        isSigned: false, widths: [32, 64], latentSize: 16
      ) {
        try PlainAutoencoder.mnist(
          $1, filters: $0.usedWidths, latentSize: $0.usedLatentSize, seed: $2)
      }
    case .vae:
      ArchitectureTraits(
        summary: "variational autoencoder",
        scores: [.reconstruction, .evidence],
        parameters: [
          Parameter(
            "beta", \.beta, .notNegative, "weight of the divergence"),
          Parameter(
            "warm-up-epochs", \.warmUpEpochs,
            .whole(
              0...ParameterDomain<Int>.counts.upperBound,
              "a count of 0 to \(ParameterDomain<Int>.counts.upperBound)"),
            "epochs over which the weight rises"),
        ]
      ) {
        try VariationalAutoencoder(
          $1, filters: $0.usedWidths, beta: Double($0.beta),
          warmUpEpochs: $0.warmUpEpochs,
          scoresByEvidence: $0.usedScore == .evidence, seed: $2)
      }
    case .multiEncoder:
      ArchitectureTraits(
        summary: "two encoders and three decoders", latentSize: 64,
        secondsPerEpoch: 2
      ) {
        try MultiEncoder(
          $1, filters: $0.usedWidths, latentSize: $0.usedLatentSize, seed: $2)
      }
    case .noiseClassifier:
      ArchitectureTraits(
        summary: "autoencoder whose code feeds a classifier", latentSize: 512,
        scores: [.both, .classifier, .reconstruction], secondsPerEpoch: 2
      ) {
        try NoiseClassifier(
          $1, filters: $0.usedWidths, latentSize: $0.usedLatentSize,
          score: $0.usedScore, seed: $2)
      }
    case .ocgan:
      ArchitectureTraits(
        summary: "one-class GAN with a constrained latent code",
        latentSize: 128, secondsPerEpoch: 2
      ) {
        try OneClassGAN(
          $1, filters: $0.usedWidths, latentSize: $0.usedLatentSize, seed: $2)
      }
    case .endToEndOCC:
      ArchitectureTraits(
        summary: "reconstructing network against a discriminator",
        scores: [.discriminator, .reconstruction]
      ) {
        try EndToEndClassifier(
          $1, filters: $0.usedWidths,
          scoresByReconstruction: $0.usedScore == .reconstruction, seed: $2)
      }
    case .deepSVDD:
      ArchitectureTraits(
        summary: "encoder judged by the distance from a centre",
        latentSize: 32, scores: [.distance], canReconstruct: false
      ) {
        try DeepSVDD(
          $1, filters: $0.usedWidths, latentSize: $0.usedLatentSize, seed: $2)
      }
    }
  }

  /// The scores that the architecture offers, its own first.
  public var scores: [Autoencoder.Score] { traits.scores }
}
