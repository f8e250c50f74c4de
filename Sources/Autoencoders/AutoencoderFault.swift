import Diagnostics
import Execution
import Foundation
import LinearAlgebra

/// Why an autoencoder cannot be trained or used.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum AutoencoderFault: Fault {
  /// The samples are not known to be images.
  case imageShapeUnknown(Architecture)
  /// The context's image shape has another count than the samples' columns.
  case imageShapeMismatch(ImageShape, columns: Int)
  /// A convolution finds less than one patch in a feature map of this shape.
  case imageTooSmall(ImageShape)
  /// The intensities of images are far from 0...1.
  case unusableRange(lowest: Float, highest: Float)
  /// The loss stopped being a finite number in an epoch counted from 1; the
  /// model has the weights of the epoch before it.
  case diverged(epoch: Int, learningRate: Float, lastGood: AutoencoderModel)
  /// All images get the same code: the trivial solution of a one-class loss.
  case collapsed(epoch: Int)
  /// A checkpoint was made by another run.
  case foreignCheckpoint(path: String, difference: String)
  /// The architecture has no such thing to show.
  case lacks(String, Architecture)

  public var kind: FaultKind {
    switch self {
    case .diverged, .collapsed, .lacks: .usage
    case .imageShapeUnknown, .imageShapeMismatch, .imageTooSmall,
      .unusableRange, .foreignCheckpoint:
      .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .imageShapeUnknown(let architecture):
      "\(architecture.rawValue) works on images, these samples are rows of"
        + " numbers"
    case .imageShapeMismatch(let shape, let columns):
      "images of \(shape.words) do not have \(columns) numbers"
    case .imageTooSmall(let shape):
      "the images are too small: a convolution would have to take a patch from"
        + " \(shape.words)"
    case .unusableRange(let lowest, let highest):
      "the images have intensities from \(lowest) to \(highest), networks make"
        + " images of 0 to 1"
    case .diverged(let epoch, _, _):
      "the training diverged in epoch \(epoch): the loss is no finite number"
    case .collapsed(let epoch):
      "the training collapsed in epoch \(epoch): all images have the same code"
    case .foreignCheckpoint(_, let difference):
      "the checkpoint is of another run: \(difference)"
    case .lacks(let thing, let architecture):
      "\(architecture.rawValue) has no \(thing)"
    }
  }

  public var place: String? {
    switch self {
    case .diverged(_, let rate, _): "learning rate \(rate)"
    case .foreignCheckpoint(let path, _): path
    default: nil
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .imageShapeUnknown: "give images, or use fcn, pca or another detector"
    case .imageShapeMismatch: "use raw pixels as features"
    case .imageTooSmall: "use larger images or fewer widths"
    case .unusableRange:
      "save them as bytes, or as real numbers from 0 to 1 or 0 to 255"
    case .diverged(let epoch, _, _):
      "use a smaller learning rate; the weights of epoch \(epoch - 1) are kept"
    case .collapsed: "use a smaller learning rate or a larger latent size"
    case .foreignCheckpoint:
      "give the options and data of the first run, or start without resuming"
    case .lacks: "use another architecture"
    }
  }
}

extension ImageShape {
  fileprivate var words: String { "\(height) x \(width) x \(channels)" }
}
