// Copies the float tensors of a checkpoint to another and proves the copy.
//
//   consumer SOURCE TARGET
#include <fastckpt/checkpoint.h>
#include <fastckpt/version.h>
#include <fastckpt/writer.h>

#include <iostream>
#include <span>
#include <string>

namespace {

void Copy(const fastckpt::Checkpoint& source, const std::string& target) {
  fastckpt::Writer writer(target);
  for (const fastckpt::TensorInfo& tensor : source.tensors()) {
    if (tensor.dtype != fastckpt::DType::kFloat) continue;
    const auto values = source.Read<float>(tensor.name);
    writer.Add(tensor.name, tensor.dtype, tensor.shape,
               std::as_bytes(std::span(values)));
  }
  writer.Finish();
}

bool IsSame(const fastckpt::Checkpoint& source,
            const fastckpt::Checkpoint& copy) {
  for (const fastckpt::TensorInfo& tensor : copy.tensors()) {
    if (source.Read<float>(tensor.name) != copy.Read<float>(tensor.name)) {
      return false;
    }
  }
  return copy.Verify().ok() && copy.Find("no such tensor") == nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const auto source = fastckpt::Checkpoint::Open(argv[1]);
    Copy(source, argv[2]);
    const auto copy = fastckpt::Checkpoint::Open(argv[2]);
    std::cout << "fastckpt " << fastckpt::Version() << ": "
              << source.tensors().size() << " tensors, "
              << copy.tensors().size() << " copied\n";
    return IsSame(source, copy) && !copy.tensors().empty() ? 0 : 1;
  } catch (const fastckpt::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
