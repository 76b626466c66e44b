import Testing

@Suite("Help")
struct HelpTests {
  @Test("The tool's own help names the commands and the exit codes")
  func root() throws {
    let run = try Tool.run("--help")
    #expect(
      run.output == """
        OVERVIEW: Trains neural networks on the processor, and puts them to use.

        needletail train --data digits --output runs/digits
        needletail evaluate --model runs/digits/model.safetensors --data digits

        Results are written to standard output, everything else to standard error.

        Exit codes:
           0  all went well
          64  wrong arguments
          65  data or a model file that is damaged or does not fit; a diverged training
          66  a file or folder that is not there or cannot be read
          70  a mistake in the tool itself
          71  the system refused, for want of memory for instance
          73  an output that cannot be created, or a run folder that holds a run
          74  reading or writing failed on the way
          75  interrupted by a signal, with a checkpoint to resume from: start it again
          77  a file that may not be read or written
          78  a mistake in a network file

        USAGE: needletail <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          train                   Train a network on labelled images.
          evaluate                Tell how good a model is on labelled images.
          predict                 Classify images, or rows of numbers.
          data                    Tell what images there are, and what a training would
                                  do with them.
          inspect                 Show the layers of a model, a network file or a
                                  preset.
          bench                   Measure how fast this machine computes, trains and
                                  predicts.
          doctor                  Check what this machine gives, and say what to do if
                                  it is less than it could be.

          See 'needletail help <subcommand>' for detailed help.

        """)
    #expect(run.errors == "")
    #expect(run.status == 0)
    let bare = try Tool.run()
    #expect(bare.output == run.output)
  }

  @Test("Help of predict")
  func predict() throws {
    let run = try Tool.run("predict", "--help")
    #expect(
      run.output == """
        OVERVIEW: Classify images, or rows of numbers.

        Prints a line for each image or row, in order and as soon as it is known.
        Folders are searched for PNG, JPEG and WebP files. Without images, rows are
        read from standard input: one example a line, its numbers parted by commas or
        spaces. A bad image or row gets a line that says what is wrong, and the others
        go on; so does one for which the model's outputs are no finite numbers.

        needletail predict --model runs/1/model.safetensors photos/
        needletail predict --model runs/1/model.safetensors --format csv < rows.csv

        USAGE: needletail predict --model <file> [--format <format>] [--header] [--strict] [--skip-bad] [--max-image-pixels <pixels>] [--threads <threads>] [--convolution <algorithm>] [<images> ...]

        ARGUMENTS:
          <images>                Images and folders of images; none or '-' for rows on
                                  standard input.

        OPTIONS:
          --model <file>          The model's file.
          --format <format>       json: an object a line; csv: a head, then a row a
                                  line. (values: json, csv; default: json)
          --header                Skip the first line of the rows: a head with the
                                  columns' names.
          --strict                Stop at the first bad row; of images, name all bad
                                  ones before the first answer, and stop.
          --skip-bad              Leave out image files that cannot be read, and count
                                  them.
          --max-image-pixels <pixels>
                                  The largest image that is decoded. (default:
                                  67108864, 2 to the 26)
          --threads <threads>     How many threads to use. (default: what the system
                                  lets this process use)
          --convolution <algorithm>
                                  How to compute convolutions that this can compute.
                                  (default: by a rule on their shapes, which inspect
                                  shows) (values: direct, winograd2, winograd3,
                                  winograd4, winograd5, matrix-product, depthwise,
                                  im2row)
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test("Help of doctor")
  func doctor() throws {
    let run = try Tool.run("help", "doctor")
    #expect(
      run.output == """
        OVERVIEW: Check what this machine gives, and say what to do if it is less than
        it could be.

        USAGE: needletail doctor [--threads <threads>] [--json]

        OPTIONS:
          --threads <threads>     How many threads to use. (default: what the system
                                  lets this process use)
          --json                  Print one JSON object.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test("Every option of train is in its help")
  func train() throws {
    let run = try Tool.run("train", "--help")
    for option in [
      "data", "split", "model", "input", "classes", "epochs", "batch", "optimizer",
      "learning-rate", "schedule", "warm-up", "seed", "threads", "convolution", "validation",
      "output", "checkpoint-every", "keep", "resume", "on-divergence", "quiet", "json",
    ] {
      #expect(run.output.contains("  --\(option)"))
    }
    for preset in [
      "mlp", "lenet5", "mnist-cnn", "cifar-cnn", "vgg8", "resnet18", "resnet20", "resnet50",
    ] {
      #expect(run.output.contains(preset))
    }
  }

  @Test("The version is a number of three parts")
  func version() throws {
    let run = try Tool.run("--version")
    #expect(run.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    #expect(run.status == 0)
  }
}
