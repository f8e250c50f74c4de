import Diagnostics
import Images

/// Why data that can be read is not a dataset.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum DatasetFault: Fault, Hashable {
  /// No known layout.
  case unrecognizedLayout(path: String)
  /// A file or folder that the layout needs is not there.
  case missing(path: String, neededFor: String)
  /// A folder holds no pictures.
  case noImages(path: String)
  /// All pictures to learn from are called anomalies.
  case noOrdinaryImages(path: String)
  /// A picture of a format that is not read.
  case foreignPicture(path: String, format: String)
  /// A folder holds several sets of IDX files.
  case severalSets(path: String, names: [String], example: String)
  /// Two files of a folder have the same id.
  case duplicateID(path: String, id: String)
  /// A defective image has no mask though others have.
  case missingMask(path: String, image: String)
  /// A mask is not its picture made larger or smaller.
  case maskOfAnotherShape(path: String, mask: PixelSize, image: PixelSize)
  /// A category was asked for that is not there.
  case unknownCategory(path: String, name: String, known: [String])
  /// An array whose sizes are not those of images or rows.
  case unusableShape(path: String, shape: [Int], expected: String)
  /// Training and test samples do not fit together.
  case differentShapes(path: String, train: [Int], test: [Int])
  /// Labels that cannot be given to the samples.
  case wrongLabels(path: String, problem: FaultMessage, remedy: FaultMessage)
  /// One of the processes of a run has found other samples than the first.
  case otherSamples(rank: Int)
  /// An option that has no meaning for this data.
  case unusableOption(name: String, problem: FaultMessage, remedy: FaultMessage)

  public var kind: FaultKind {
    switch self {
    case .unknownCategory, .unusableOption: .usage
    default: .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .unrecognizedLayout: "no dataset of a known layout"
    case .missing: "the file or folder is missing"
    case .noImages:
      "the folder holds no pictures (\(PictureFormat.readNames))"
    case .noOrdinaryImages: "no picture of the folder is ordinary"
    case .foreignPicture(_, let format):
      "the picture is a \(format) file, not \(PictureFormat.readNames)"
    case .severalSets(_, let names, _):
      "there are several sets: \(names.prefix(20).joined(separator: ", "))"
    case .duplicateID(_, let id): "two files have the id \(id)"
    case .missingMask(_, let image): "the mask of \(image) is missing"
    case .maskOfAnotherShape(_, let mask, let image):
      "the mask is \(mask) pixels, its picture \(image)"
    case .unknownCategory(_, let name, _): "there is no category \(name)"
    case .unusableShape(_, let shape, _):
      "an array of shape \(Self.text(shape)) cannot be used"
    case .differentShapes(_, let train, let test):
      "the training samples have the shape \(Self.text(train)), the test"
        + " samples \(Self.text(test))"
    case .otherSamples(let rank):
      "the process of rank \(rank) finds other samples than that of rank 0"
    case .wrongLabels(_, let problem, _), .unusableOption(_, let problem, _):
      problem
    }
  }

  public var place: String? {
    switch self {
    case .unrecognizedLayout(let path), .missing(let path, _),
      .noImages(let path), .noOrdinaryImages(let path),
      .foreignPicture(let path, _),
      .severalSets(let path, _, _), .duplicateID(let path, _),
      .missingMask(let path, _), .maskOfAnotherShape(let path, _, _),
      .unknownCategory(let path, _, _),
      .unusableShape(let path, _, _), .differentShapes(let path, _, _),
      .wrongLabels(let path, _, _):
      path
    case .unusableOption(let name, _, _): name
    case .otherSamples: nil
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .unrecognizedLayout:
      "give \(DatasetKind.summary), or name the kind with \(option: "kind")"
    case .missing(_, let purpose): "add it: \(purpose)"
    case .noImages: "add images, or remove the folder"
    case .noOrdinaryImages: "give good pictures to learn from"
    case .foreignPicture(let path, _):
      "\(PictureFormat.conversion(of: path)); or remove it"
    case .severalSets(_, _, let example):
      "name one by a file of it, such as \(example)"
    case .duplicateID: "rename one of them"
    case .missingMask: "add the mask, or remove the folder ground_truth"
    case .maskOfAnotherShape: "give the mask the size of its picture"
    case .unknownCategory(_, _, let known):
      "use \(known.prefix(20).joined(separator: ", "))"
    case .unusableShape(_, _, let expected): "use \(expected)"
    case .differentShapes: "make both with the same steps"
    case .otherSamples: "give all machines the same files"
    case .wrongLabels(_, _, let remedy), .unusableOption(_, _, let remedy):
      remedy
    }
  }

  private static func text(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + ")"
  }
}
