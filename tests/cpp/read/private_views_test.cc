#include "fastckpt/read/private_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/folder.h"

namespace fastckpt::internal::private_views_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ArrayBytes ViewOf(const DataFile& file, std::size_t offset, std::size_t size) {
  return {file.mapping()->bytes().data() + offset, size, file.mapping()};
}

std::string TextOf(const ArrayBytes& view) {
  return std::string(AsText({view.data, view.size}));
}

class PrivateViews : public testing::Test {
 protected:
  std::vector<std::size_t> Make(std::vector<std::size_t> alignments) {
    return MakePrivate({&file_}, alignments, &views_);
  }

  const std::string text_ = "abcdefghijklmnopqrstuvwxyz";
  const Folder folder_;
  const DataFile file_{Write(), IoMode::kMap};
  std::vector<ArrayBytes> views_;

 private:
  std::string Write() const {
    folder_.Write("f", text_);
    return folder_.Path("f");
  }
};

TEST_F(PrivateViews, ShowTheSameBytesInOneMapping) {
  views_ = {ViewOf(file_, 8, 4), ViewOf(file_, 0, 8)};
  EXPECT_THAT(Make({4, 8}), IsEmpty());
  EXPECT_EQ(TextOf(views_[0]), "ijkl");
  EXPECT_EQ(TextOf(views_[1]), "abcdefgh");
  EXPECT_EQ(views_[0].owner, views_[1].owner);
  EXPECT_NE(views_[0].owner, file_.mapping());
  EXPECT_EQ(views_[0].mapped_bytes, text_.size());
}

TEST_F(PrivateViews, WritingThemChangesNothingElse) {
  views_ = {ViewOf(file_, 0, 4)};
  EXPECT_THAT(Make({1}), IsEmpty());
  const_cast<std::uint8_t*>(views_[0].data)[0] = '!';
  EXPECT_EQ(TextOf(views_[0]), "!bcd");
  EXPECT_EQ(AsText(file_.mapping()->bytes()), text_);
}

TEST_F(PrivateViews, LeaveWhatIsUnaligned) {
  views_ = {ViewOf(file_, 2, 4), ViewOf(file_, 8, 4)};
  EXPECT_THAT(Make({4, 4}), ElementsAre(0));
  EXPECT_EQ(views_[0].owner, file_.mapping());
}

TEST_F(PrivateViews, LeaveWhatOverlapsOneThatWasMoved) {
  views_ = {ViewOf(file_, 4, 4), ViewOf(file_, 0, 10), ViewOf(file_, 8, 4),
            ViewOf(file_, 10, 2), ViewOf(file_, 10, 2)};
  EXPECT_THAT(Make({1, 1, 1, 1, 1}), ElementsAre(0, 2, 4));
}

TEST_F(PrivateViews, AnUnalignedOneIsInNobodysWay) {
  views_ = {ViewOf(file_, 1, 8), ViewOf(file_, 4, 8)};
  EXPECT_THAT(Make({4, 4}), ElementsAre(0));
}

TEST_F(PrivateViews, LeaveWhatLiesInNoMapping) {
  const auto memory = std::make_shared<std::string>("memory");
  views_ = {{reinterpret_cast<const std::uint8_t*>(memory->data()), 6, memory}};
  EXPECT_THAT(Make({1}), ElementsAre(0));
  EXPECT_EQ(TextOf(views_[0]), "memory");
}

TEST_F(PrivateViews, OfNoBytesAreInNobodysWay) {
  views_ = {ViewOf(file_, 8, 0), ViewOf(file_, 8, 4), ViewOf(file_, 8, 0)};
  EXPECT_THAT(Make({4, 4, 4}), testing::SizeIs(testing::Le(1u)));
}

}  // namespace
}  // namespace fastckpt::internal::private_views_test
